package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// certificate writes a self-signed certificate of 127.0.0.1 and its key.
func certificate(t *testing.T) (cert, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert = write(t, "host.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = write(t, "host.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key
}

// Where others can reach it, a coordinator is served with token and certificate only,
// and those who know neither are refused.
func TestElsewhere(t *testing.T) {
	isolate(t)
	cert, key := certificate(t)
	other, _ := certificate(t)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	_, lines := spawn(t, "coordinator", "--listen", "0.0.0.0:0", "--store", filepath.Join(dir, "store"), "--token-file", token, "--tls-cert", cert, "--tls-key", key)
	address := strings.Fields(until(t, lines, "coordinator ready at "))[3]
	host, port, err := net.SplitHostPort(strings.TrimPrefix(address, "tls://"))
	require.NoError(t, err)
	assert.Nil(t, net.ParseIP(host), "the machine's name, not 0.0.0.0")
	url := "tls://127.0.0.1:" + port
	at := []string{"--connect", url, "--token-file", token, "--ca", cert}
	_, lines = spawn(t, append([]string{"worker", "--slots", "1"}, at...)...)
	until(t, lines, "joined")
	ok(t, append([]string{"submit", write(t, "sine.yaml", sine), "--id", "far", "--wait", "--quiet"}, at...)...)
	stdout, _ := ok(t, append([]string{"jobs", "--all"}, at...)...)
	assert.Contains(t, stdout, string(distributed.Done))

	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no token":          {[]string{"--connect", url, "--ca", cert}, "not authorised"},
		"other certificate": {[]string{"--connect", url, "--token-file", token, "--ca", other}, "is refused: x509"},
		"system's":          {[]string{"--connect", url, "--token-file", token}, "is refused: x509"},
	} {
		code, _, stderr := ritz(append([]string{"jobs"}, c.args...)...)
		assert.Equal(t, 2, code, name)
		assert.Contains(t, stderr, c.want, name)
	}
	info, err := os.Stat(token)
	require.NoError(t, err)
	assert.Equal(t, int64(27), info.Size(), "26 letters and a newline")
}
