# One image for every service, job and command: `handrail serve plan`, `handrail migrate plan`, `handrail topics apply`.
# The Python here is the one CI tests with.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /app
COPY requirements.in requirements.lock ./
COPY scripts/lock-subset scripts/
# Only what Handrail runs on, without the tools of development; from the same lock, checked against its hashes.
RUN python scripts/lock-subset -r requirements.in >/tmp/image.lock \
 && python scripts/lock-subset uv >/tmp/uv.lock \
 && python -m venv /tmp/uv && /tmp/uv/bin/pip install -q --no-cache-dir --require-hashes -r /tmp/uv.lock \
 && python -m venv --without-pip /opt/handrail \
 && VIRTUAL_ENV=/opt/handrail /tmp/uv/bin/uv pip install -q --no-cache --require-hashes --compile-bytecode -r /tmp/image.lock

COPY contracts contracts
COPY runtime runtime
COPY services services
COPY handrail handrail
# Ours stay where a checkout has them, with migrations, schemas and topics at the same relative places.
# Their build tools are the lock's, and do not get into the image.
RUN VIRTUAL_ENV=/opt/handrail /tmp/uv/bin/uv pip install -q --no-cache --no-deps \
      --build-constraints requirements.lock --require-build-hashes \
      -e contracts -e runtime -e services/plan-service -e services/progress-service -e services/notify-service \
      -e services/audit-service -e handrail \
 && /opt/handrail/bin/python -m compileall -q contracts runtime services handrail

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --user-group --home-dir /nonexistent --no-create-home handrail
COPY --from=build /opt/handrail /opt/handrail
COPY --from=build /app /app
COPY LICENSE /app/
ENV PATH=/opt/handrail/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000
# Ready means: it can answer requests. A broker that is away makes it degraded, not unready.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["handrail"]
CMD ["--help"]
