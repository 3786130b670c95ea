"""A standalone Spark cluster of a master and two workers of one core each, on loopback: spark_cluster.py FOLDER MASTER_PORT.

Run with .platforms/spark. Speculation is on. One worker, and its executor with it, is killed in mid-job.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyspark

folder, port = Path(sys.argv[1]), int(sys.argv[2])
home = Path(pyspark.__file__).parent
(folder / "conf").mkdir()
(folder / "conf" / "spark-defaults.conf").write_text(
    "spark.speculation true\nspark.speculation.interval 50ms\nspark.speculation.minTaskRuntime 50ms\n"
    "spark.executor.memory 512m\nspark.driver.memory 512m\nspark.local.dir " + str(folder / "local") + "\n"
    "spark.executorEnv.PYTHONPATH " + os.environ["PYTHONPATH"] + "\n"
)
os.environ.update(
    SPARK_HOME=str(home), SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, SPARK_DAEMON_MEMORY="256m",
    SPARK_CONF_DIR=str(folder / "conf"),
)  # fmt: skip


def started(name, kind, *arguments):
    """A daemon of Spark in a session of its own, so that it can be ended with what it starts."""
    command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def ended(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


daemons = [started("master", "master.Master", "--port", str(port), "--webui-port", "0")]
try:
    deadline = time.monotonic() + 60
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert time.monotonic() < deadline, (folder / "master.log").read_text()
        time.sleep(0.1)
    for number in range(2):
        options = ["--cores", "1", "--memory", "700m", "--webui-port", "0", "-d", str(folder / f"work{number}")]
        daemons.append(started(f"worker{number}", "worker.Worker", *options, f"spark://127.0.0.1:{port}"))
    from engine_checked import checked

    checked(f"spark://127.0.0.1:{port}", folder, lambda: ended(daemons[2]))
finally:
    for daemon in daemons:
        ended(daemon)
