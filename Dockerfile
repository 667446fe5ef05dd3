# The image holds the binary and the libraries that it loads: no compiler, no root.
#   docker build -t headrace .
#   docker run --rm headrace demo --records 2000
#   docker run -v ./headrace.yaml:/etc/headrace/headrace.yaml:ro headrace

FROM debian:trixie-slim AS build
WORKDIR /src
COPY scripts/ scripts/
RUN scripts/install-dependencies
COPY . .
RUN cmake --preset release && cmake --build --preset release
# The packages of the shared libraries are asked of the binary, so that no list of them can go stale.
RUN install -D --strip build/release/headrace /out/usr/bin/headrace \
    && install -D -m 644 LICENSE /out/usr/share/doc/headrace/copyright \
    && ldd build/release/headrace | awk '$2 == "=>" { print $3 }' | xargs realpath \
        | xargs dpkg-query -S | cut -d : -f 1 | sort -u >/out/usr/share/doc/headrace/libraries

FROM debian:trixie-slim
COPY --from=build /out/ /
# ca-certificates: destinations and brokers are checked against the public authorities by default.
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends ca-certificates \
        </usr/share/doc/headrace/libraries \
    && rm -rf /var/lib/apt/lists/*
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["headrace"]
CMD ["run", "--config", "/etc/headrace/headrace.yaml"]
