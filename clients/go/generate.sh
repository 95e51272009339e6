#!/bin/sh
# Generates the code of the contract and the list of reasons into this directory. Needs protoc-gen-go,
# protoc-gen-go-grpc, and the repository's npm ci.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../node_modules/.bin:$PATH"
rm -rf automation progression
buf generate --template buf.gen.yaml
node ../reasons.mjs go > reasons.go
