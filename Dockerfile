# The suite in one image: the tools, the scripts, psql, cron. Everything runs as the user txpipe unless the compose file says otherwise.
FROM debian:bookworm-20250520-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc libc6-dev make pkg-config librdkafka-dev libpq-dev libjansson-dev libyaml-dev libssl-dev \
	libmicrohttpd-dev libcrypt-dev libjs-chart.js \
	&& rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make -j"$(nproc)" all && make install DESTDIR=/out

FROM debian:bookworm-20250520-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
	librdkafka1 libpq5 libjansson4 libyaml-0-2 libssl3 libmicrohttpd12 libcrypt1 postgresql-client jq cron ca-certificates perl-base \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --create-home --home-dir /var/lib/txpipe txpipe
COPY --from=build /out/ /
COPY scripts/ /usr/local/share/txpipe/scripts/
ENV LANG=C.UTF-8 TZ=UTC XDG_STATE_HOME=/var/lib/txpipe PATH=/usr/local/share/txpipe/scripts:/usr/local/bin:/usr/bin:/bin
USER txpipe
WORKDIR /var/lib/txpipe
CMD ["stream", "start", "--foreground"]
