# Built and run by nobody yet: no container engine was at hand where this was written.
#   docker build -t eremos . && docker run -v eremos:/var/lib/eremos -v ./eremos.toml:/etc/eremos/eremos.toml:ro eremos
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      build-essential cmake ninja-build pkg-config libcaf-dev libfmt-dev libsimdjson-dev libsqlite3-dev zlib1g-dev \
      libzstd-dev libcurl4-openssl-dev libssl-dev libwebsockets-dev libcap-dev libuv1-dev libev-dev \
      libtomlplusplus-dev libcli11-dev libboost-dev libsecp256k1-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DEREMOS_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
      -DCPACK_SET_DESTDIR=ON \
    && cmake --build /build --target eremos-node package

FROM debian:bookworm-slim
COPY --from=build /build/eremos_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates /tmp/eremos_*.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/eremos_*.deb \
    && useradd --system --home-dir /var/lib/eremos --create-home eremos
USER eremos
ENV XDG_STATE_HOME=/var/lib STATE_DIRECTORY=/var/lib/eremos
VOLUME /var/lib/eremos
# The node answers on its control socket; without one `stats` says on stderr that it shows an old state.
HEALTHCHECK --interval=30s --start-period=20s \
  CMD eremos-node stats 2>&1 >/dev/null | grep -q "no node runs" && exit 1 || exit 0
ENTRYPOINT ["eremos-node"]
CMD ["run", "--config", "/etc/eremos/eremos.toml"]
