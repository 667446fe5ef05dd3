# The image holds the program, the libraries that it loads and the public certificate authorities:
# no shell, no package manager, no root. docs/container.md says how to run it.
#   docker build -t headrace .
#   docker run --rm headrace demo --records 2000
#   docker run --read-only -v ./headrace.yaml:/etc/headrace/headrace.yaml:ro headrace

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown

FROM docker.io/library/debian:trixie-slim AS build
WORKDIR /src
# A layer of its own: it changes only with the list of what is needed.
COPY scripts/environment.sh scripts/install-dependencies scripts/
RUN scripts/install-dependencies
COPY . .
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release && cmake --build --preset release --target headrace
RUN scripts/container-root build/release/headrace /out
# In a file too: some builders would keep the labels of an earlier build whose files are the same.
ARG VERSION
ARG REVISION
ARG CREATED
RUN printf 'version %s\nrevision %s\ncreated %s\n' "$VERSION" "$REVISION" "$CREATED" \
    >/out/usr/share/doc/headrace/build

FROM scratch
COPY --from=build /out/ /
ARG VERSION
ARG REVISION
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="headrace" \
    org.opencontainers.image.description="Loss-free streaming ingest from Kafka to Tecton and Milvus" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.created="$CREATED" \
    org.opencontainers.image.source="$SOURCE" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.documentation="$SOURCE"
ENV PATH=/usr/bin
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s \
    CMD ["/usr/bin/headrace", "healthcheck", "--config", "/etc/headrace/headrace.yaml"]
ENTRYPOINT ["/usr/bin/headrace"]
CMD ["run", "--config", "/etc/headrace/headrace.yaml"]
