#!/bin/sh
# Makes the certificates that tests use, valid for a hundred years. Their keys are public: nothing real may trust them.
set -eu
cd "$(dirname "$0")"

authority() { # file, common name
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -x509 -new -key "$1.key" -days 36500 -out "$1.pem" -subj "/O=Convoke tests/CN=$2"
}

issue() { # authority, file, common name, alternative names
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$2.key"
  printf 'basicConstraints=CA:FALSE\n%s\n' "${4:+subjectAltName=$4}" > extensions
  openssl req -new -key "$2.key" -subj "/O=Convoke tests/CN=$3" |
    openssl x509 -req -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 36500 -extfile extensions -out "$2.pem"
}

authority authority 'Test authority'
authority stranger-authority 'Another authority'
issue authority server 'Test server' 'DNS:localhost,IP:127.0.0.1,IP:::1'
issue authority other-server 'Other server' 'DNS:elsewhere.example.org'
issue authority alice 'Alice' 'URI:spiffe://example.org/alice,DNS:alice.example.org'
issue authority renewed-alice 'Alice' 'URI:spiffe://example.org/alice'
issue authority bob 'bob' ''
issue stranger-authority stranger 'stranger' 'DNS:localhost,IP:127.0.0.1,URI:spiffe://example.org/alice'
rm -f extensions authority.key stranger-authority.key ./*.srl
