# The service without the embedded PostgreSQL, because DATABASE_URL names its database.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the packages of the image have none, and a second Node is not needed.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY proto ./proto
COPY src ./src
COPY console ./console
RUN node console/ensure-built.ts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY src ./src
COPY --from=console /app/console/dist ./console/dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "src/main.ts", "health"]
CMD ["node", "src/main.ts", "serve"]
