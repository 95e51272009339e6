#!/bin/sh
# Generates the code of the contract and the list of reasons into gen/. Needs protoc, grpc_java_plugin, and the
# repository's npm ci.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../node_modules/.bin:$PATH"
rm -rf gen
buf generate --template buf.gen.yaml
mkdir -p gen/progression/client
node ../reasons.mjs java > gen/progression/client/Reasons.java
