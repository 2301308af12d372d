package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

func TestRefusedCertificateIsNotARefusedToken(t *testing.T) {
	var out bytes.Buffer
	err := fmt.Errorf("%w at tls://node1:4222: %w", distributed.ErrAuth, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})
	assert.Equal(t, exitUsage, refuseRemote(streams{err: &out}, "tls://node1:4222", err))
	assert.Contains(t, out.String(), "the certificate of the coordinator at tls://node1:4222 is refused: x509: ")
	assert.Contains(t, out.String(), "with --ca or RITZ_CA")
	assert.NotContains(t, out.String(), "token")
}

func TestIntroductionNamesThisMachine(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	for address, want := range map[string]string{
		"tls://[::]:4222":        "tls://" + host + ":4222",
		"wss://0.0.0.0:80":       "wss://" + host + ":80",
		"https://0.0.0.0:8080/":  "https://" + host + ":8080/",
		"nats://127.0.0.1:4222":  "nats://127.0.0.1:4222",
		"tls://node1.local:4222": "tls://node1.local:4222",
		"":                       "",
	} {
		assert.Equal(t, want, reachable(address))
	}
}
