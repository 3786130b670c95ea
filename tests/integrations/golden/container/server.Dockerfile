# registry.example.com/team/flights-server:3-4f4f4f4f4f4f. Prepare the folder first: sh server/prepare.sh; then build: sh build.sh
ARG BASE=python:3.12-slim@sha256:abababababababababababababababababababababababababababababababab

FROM ${BASE} AS packages
COPY requirements.txt /build/
COPY wheelhouse/ /build/wheelhouse/
RUN ["python3", "-m", "venv", "/opt/seakeep"]
# No network: wheels of the folder, each with a hash of the lock.
RUN ["/opt/seakeep/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--no-compile", "--no-index", "--find-links", "/build/wheelhouse", "--require-hashes", "-r", "/build/requirements.txt"]
# The installer stays behind.
RUN ["/opt/seakeep/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "uninstall", "--yes", "setuptools", "pip"]
COPY release/ /release/
# The build ends here if the release is not the one that was exported.
RUN ["/opt/seakeep/bin/python", "-c", "from pathlib import Path; from seakeep.registry.folders import check_folder; check_folder(Path('/release'), '4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f')"]
# Tests, stubs and tools of packages go; bytecode of what a server imports comes.
RUN ["/opt/seakeep/bin/python", "-m", "seakeep.integrations._slim"]
RUN ["python3", "-c", "import os; os.makedirs('/build/home', mode=0o755)"]

FROM ${BASE}
LABEL org.opencontainers.image.title="flight-delay server"
LABEL org.opencontainers.image.description="Answers for flight-delay@3 by the Open Inference Protocol."
LABEL org.opencontainers.image.version="3"
LABEL org.opencontainers.image.revision="4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f"
LABEL dev.seakeep.release="4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f"
LABEL dev.seakeep.verdict="pass"
COPY --from=packages /opt/seakeep /opt/seakeep
COPY --from=packages /release /release
COPY --from=packages --chown=10001:10001 /build/home /var/lib/seakeep
ENV PATH=/opt/seakeep/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1
ENV PYTHONDONTWRITEBYTECODE=1
ENV HOME=/tmp
ENV TMPDIR=/tmp
ENV SEAKEEP_HOME=/var/lib/seakeep
ENV SEAKEEP_SERVE_RELEASE=/release
ENV SEAKEEP_SERVE_VERSION=3
ENV SEAKEEP_SERVE_HTTP=0.0.0.0:8080
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/opt/seakeep/bin/python", "-m", "seakeep.serving.health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/seakeep/bin/seakeep"]
CMD ["serve"]
