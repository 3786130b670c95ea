# registry.example.com/team/flights-worker:c0dec0dec0de. Prepare the folder first: sh worker/prepare.sh; then build: sh build.sh
ARG BASE=python:3.12-slim@sha256:abababababababababababababababababababababababababababababababab

FROM ${BASE} AS packages
COPY requirements.txt /build/
COPY wheelhouse/ /build/wheelhouse/
RUN ["python3", "-m", "venv", "/opt/seakeep"]
# No network: wheels of the folder, each with a hash of the lock.
RUN ["/opt/seakeep/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--no-index", "--find-links", "/build/wheelhouse", "--require-hashes", "-r", "/build/requirements.txt"]
# The installer stays behind.
RUN ["/opt/seakeep/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "uninstall", "--yes", "setuptools", "pip"]
# GNU OpenMP, which LightGBM leaves to the system, as scikit-learn brings it.
RUN ["python3", "-c", "import glob, os; found = glob.glob('/opt/seakeep/lib/python*/site-packages/scikit_learn.libs/libgomp*'); found and os.symlink(found[0], '/opt/seakeep/lib/libgomp.so.1')"]
RUN ["python3", "-c", "import os; os.makedirs('/build/home', mode=0o755)"]

FROM ${BASE}
LABEL org.opencontainers.image.title="flight-delay worker"
LABEL org.opencontainers.image.description="Runs the stages, the monitor and the retraining of flight-delay."
LABEL org.opencontainers.image.version="c0dec0dec0de"
LABEL org.opencontainers.image.revision="c0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0dec0de"
COPY --from=packages /opt/seakeep /opt/seakeep
COPY project/ /project/
WORKDIR /project
COPY --from=packages --chown=10001:10001 /build/home /var/lib/seakeep
ENV PATH=/opt/seakeep/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1
ENV PYTHONDONTWRITEBYTECODE=1
ENV HOME=/tmp
ENV TMPDIR=/tmp
ENV SEAKEEP_HOME=/var/lib/seakeep
ENV LD_LIBRARY_PATH=/opt/seakeep/lib
USER 10001:10001
ENTRYPOINT ["/opt/seakeep/bin/seakeep"]
CMD ["--help"]
