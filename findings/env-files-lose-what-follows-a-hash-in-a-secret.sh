#!/usr/bin/env bash
# Finding: one line of an env file has three values: Node and dotenv cut a secret at `#`, the shell keeps it;
#   the shell replaces `$`, Node and dotenv keep it.
# Versions: Node of the PATH (20.20 when this was written), npm package dotenv 18.0.10, bash; versions in use
#   are printed.
# One would expect: a line `NAME=value` means the same to each program that loads it, or a value that needs
#   quotes is refused.
# What happens: without quotes `#` ends the value for Node and dotenv, even in the middle of a word, and bash
#   needs a blank before it. Double quotes save the `#` and not the `$`. Single quotes give one value in all
#   three.
# Why it matters: a password or connection URL with `#` works where the operator tried it in a shell and is cut
#   without a word by `node --env-file`. The error then speaks of a wrong password, or a shorter signing secret
#   is taken. Write secrets in single quotes.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts dotenv@18.0.10 || { echo 'npm failed.'; exit 2; }
echo "Node $(node --version), bash $BASH_VERSION"
cat >secrets.env <<'ENV'
PLAIN=abc#def$HOME
DOUBLE="abc#def$HOME"
SINGLE='abc#def$HOME'
ENV
show='console.log(`  ${v.PLAIN}  ${v.DOUBLE}  ${v.SINGLE}`)'
cat >"$work/expected" <<'TEXT'
plain, double quotes, single quotes
node --env-file
  abc  abc#def$HOME  abc#def$HOME
dotenv
  abc  abc#def$HOME  abc#def$HOME
bash
  abc#def/home  abc#def/home  abc#def$HOME
TEXT
{
  echo 'plain, double quotes, single quotes'
  echo 'node --env-file'
  env -u PLAIN -u DOUBLE -u SINGLE HOME=/home node --env-file=secrets.env -e "const v = process.env; $show"
  echo 'dotenv'
  node -e "const v = require('dotenv').parse(require('fs').readFileSync('secrets.env')); $show"
  echo 'bash'
  HOME=/home bash -c '. ./secrets.env; echo "  $PLAIN  $DOUBLE  $SINGLE"'
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
