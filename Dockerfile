#   docker build -t eremos . && docker run -v eremos:/var/lib/eremos -v ./eremos.toml:/etc/eremos/eremos.toml:ro eremos
FROM debian:bookworm-slim AS build
COPY . /source
WORKDIR /source
# dpkg-dev and file: cpack asks them what the package depends on.
RUN scripts/bootstrap --no-tests && apt-get install -y --no-install-recommends dpkg-dev file \
    && rm -rf /var/lib/apt/lists/*
RUN cmake --preset release -DEREMOS_TESTS=OFF && cmake --build --preset release --target eremos-node \
    && cd build/release && cpack

FROM debian:bookworm-slim
COPY --from=build /source/build/release/eremos_*.deb /tmp/
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
