# Two images: `docker build .` makes the server's, `docker build --target admin .` that of the command line for operators.
#
#   docker build --build-arg VERSION="$(git describe --tags --always --dirty)" --build-arg REVISION="$(git rev-parse HEAD)" -t vestibule .
#
# Both are one static program on nothing: no shell, no packages, no files that it could write. `make image` makes the same without Docker.
# What they are built with is named by its version; docs/decisions/0032-images.md says how to pin it to the byte.

# Both builders run on the machine's own platform, whatever they build for.
FROM --platform=$BUILDPLATFORM node:24.21.0-slim AS pages
ENV npm_config_cache=/cache/npm
WORKDIR /src
COPY web/admin/package.json web/admin/package-lock.json web/admin/
COPY web/sdk/package.json web/sdk/package-lock.json web/sdk/
COPY examples/spa/package.json examples/spa/package-lock.json examples/spa/
RUN --mount=type=cache,target=/cache/npm \
    for package in web/sdk web/admin examples/spa; do npm --prefix $package ci --ignore-scripts --no-audit --no-fund || exit 1; done
COPY web web
COPY examples/spa examples/spa
RUN for package in web/sdk web/admin examples/spa; do npm --prefix $package run build || exit 1; done

FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE=/cache/go
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
COPY --from=pages /src/web/admin/dist web/admin/dist
COPY --from=pages /src/examples/spa/dist internal/demoapp/dist
# A database file in the container lives in /data, which the server's user owns.
RUN mkdir -p -m 0700 /rootfs/data
ARG TARGETOS
ARG TARGETARCH
# The version is told, since the repository's history is not here.
ARG VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/cache/go \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/vestibule-auth/vestibule/internal/config.stamped=$VERSION" -o /programs/ ./cmd/...

FROM scratch AS either
COPY --from=build --chown=65532:65532 /rootfs/ /
ENV PATH=/usr/local/bin
# By number: a platform that refuses root cannot tell a name.
USER 65532:65532
WORKDIR /
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.source="https://github.com/vestibule-auth/vestibule" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

FROM either AS admin
LABEL org.opencontainers.image.title="Vestibule admin" \
      org.opencontainers.image.description="The command line for operators of Vestibule"
COPY --from=build /programs/admin /usr/local/bin/admin
ENTRYPOINT ["/usr/local/bin/admin"]

FROM either AS server
LABEL org.opencontainers.image.title="Vestibule" \
      org.opencontainers.image.description="One authentication server for many apps"
COPY --from=build /programs/server /usr/local/bin/server
# The public listener's port, and the operators', which is not for the public.
EXPOSE 8080 9090
ENTRYPOINT ["/usr/local/bin/server"]
