# syntax=docker/dockerfile:1
# `docker build .` builds the production image of gateway and worker; the command says which. `--target simulator` adds the
# simulator of the upstream, for docker-compose.yml alone.

FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# Source maps stay out of the image.
RUN npm run build && find dist -name '*.map' -delete

FROM node:24.21.0-slim AS production
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist/libs ./dist/libs
COPY --from=build /app/dist/apps/gateway ./dist/apps/gateway
COPY --from=build /app/dist/apps/console ./dist/apps/console
COPY --from=build /app/dist/apps/worker ./dist/apps/worker
COPY scripts/healthcheck.mjs scripts/pollcast.mjs scripts/why.mjs ./scripts/
LABEL org.opencontainers.image.title="Pollcast" \
      org.opencontainers.image.description="Turns a polling API into push: one shared poll per ticket set, fanned out over Socket.IO and SSE." \
      org.opencontainers.image.licenses="MIT"
# The user `node` of the image, as a number: Kubernetes checks with it that the user is not root.
USER 1000:1000
# The program writes no file: run it with a read-only root.
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 CMD ["node", "scripts/healthcheck.mjs"]
CMD ["node", "--min-semi-space-size=4", "--max-semi-space-size=4", "dist/apps/gateway/src/main.js"]

FROM production AS simulator
COPY --from=build /app/dist/apps/simulator ./dist/apps/simulator
ENV PORT=3002
CMD ["node", "dist/apps/simulator/src/main.js"]

FROM production
