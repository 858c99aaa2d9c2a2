# Loss Lab in a container, for this machine alone: docker build -t loss-lab . &&
#   docker run -p 127.0.0.1:8501:8501 -e LOSSLAB_PUBLIC=yes -v losslab:/data loss-lab
# Inside it listens to all, so LOSSLAB_PUBLIC has to be said: with -p 8501:8501 the whole network could use the lab.
FROM python:3.12-slim AS build
RUN python -m venv /opt/venv
COPY requirements*.txt .
# requirements-team.txt for an image that can be the scheduler and the workers of a team's cluster too.
ARG REQUIREMENTS=requirements.txt
# TensorFlow's C++ headers (290 MB) are for compiling against it; nothing does that here.
RUN /opt/venv/bin/pip install --no-cache-dir -r ${REQUIREMENTS} \
 && rm -rf /opt/venv/lib/python3.12/site-packages/tensorflow/include

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home lab && install -d -o lab -g lab /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    LOSSLAB_DATA=/data
USER lab
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/api/health', timeout=4)"]
# The lab starts child processes: tini reaps them and passes the stop signal on.
ENTRYPOINT ["tini", "--", "streamlit", "run", "app.py", "--server.address=0.0.0.0"]
