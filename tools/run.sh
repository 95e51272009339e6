#!/bin/sh
# Runs a command of the service. Says in one line what npm left out of the installation when it ran no scripts.
if [ ! -d node_modules ]; then
  echo 'node_modules is missing: with ignore-scripts=true npm does not install it before a start; run npm ci' >&2
  exit 1
fi
if ! node -e 'process.exit(process.features.typescript ? 0 : 1)'; then
  echo "Node 24 is needed, and this is $(node --version): npm rebuild --ignore-scripts=false node installs one" >&2
  exit 1
fi
exec node src/main.ts "$@"
