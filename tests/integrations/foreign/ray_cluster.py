"""A Ray cluster of a head and two machines with one core each, in processes of this machine: ray_cluster.py FOLDER.

Run with .platforms/ray in a network of its own. One machine's raylet, and its workers with it, is killed in mid-job.
"""

import os
import sys
from pathlib import Path

os.environ.update(
    RAY_USAGE_STATS_ENABLED="0", RAY_health_check_period_ms="500", RAY_health_check_failure_threshold="3",
    RAY_memory_monitor_refresh_ms="0",
)  # fmt: skip
from engine_checked import checked
from ray.cluster_utils import Cluster

small = {"object_store_memory": 150 << 20}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
try:
    machines = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
    os.environ["RAY_ADDRESS"] = cluster.address
    checked("ray://auto", Path(sys.argv[1]), lambda: cluster.remove_node(machines[1], allow_graceful=False))
finally:
    cluster.shutdown()
