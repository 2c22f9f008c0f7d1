# The suite in one image of less than 120 MB: the tools, the scripts that a container runs (scripts/container), psql, kcat, jq, curl. It runs as
# the user txpipe, writes only below /var/lib/txpipe and /tmp, and does with a read-only root file system.
FROM debian:bookworm-20251229-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc libc6-dev make pkg-config librdkafka-dev libpq-dev libjansson-dev libyaml-dev libssl-dev \
	libmicrohttpd-dev libcrypt-dev libjs-chart.js postgresql-client-15 binutils \
	&& rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# of PostgreSQL's client only psql: its package would bring all of Perl
RUN make -j"$(nproc)" OPTIMISE=-O2 all && make OPTIMISE=-O2 install DESTDIR=/out \
	&& find /out/usr/local/bin -type f -exec strip {} + \
	&& install /usr/lib/postgresql/15/bin/psql /out/usr/local/bin/psql

FROM debian:bookworm-20251229-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
	librdkafka1 libpq5 libjansson4 libyaml-0-2 libssl3 libmicrohttpd12 libcrypt1 libreadline8 ca-certificates curl jq kcat perl-base \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/txpipe txpipe \
	&& install -d -o txpipe -g txpipe /var/lib/txpipe/metrics /var/lib/txpipe/secrets
COPY --from=build /out/usr/local/bin/ /usr/local/bin/
COPY --from=build /out/usr/local/share/txpipe/ /usr/local/share/txpipe/
ENV LANG=C.UTF-8 TZ=UTC PATH=/usr/local/share/txpipe/scripts:/usr/local/bin:/usr/bin:/bin
USER 10001:10001
WORKDIR /var/lib/txpipe
CMD ["container", "help"]
