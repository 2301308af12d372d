package distributed

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
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
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.file, _ = a.issue("authority", "", nil)
	return a
}

// issue writes a certificate of the name and addresses, and its key.
func (a *authority) issue(name, dns string, ips []net.IP) (cert, key string) {
	t := a.t
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IPAddresses: ips,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature}
	if dns != "" {
		c.DNSNames = []string{dns}
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
		parent, signer = c, k
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &k.PublicKey, signer)
	require.NoError(t, err)
	if a.cert == nil {
		a.key = k
		a.cert, err = x509.ParseCertificate(der)
		require.NoError(t, err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	require.NoError(t, err)
	cert, key = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
	return cert, key
}

var loopback = []net.IP{net.IPv4(127, 0, 0, 1)}

func TestTokens(t *testing.T) {
	c := startCoordinator(t, CoordinatorSettings{Token: "right"})
	for _, token := range []string{"", "wrong", "righ", "right "} {
		_, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: token})
		require.ErrorIs(t, err, ErrAuth)
		assert.NotContains(t, err.Error(), "right")
		w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: c.URL(), Token: token}, Slots: 1})
		require.NoError(t, err)
		require.ErrorIs(t, w.Run(t.Context()), ErrAuth)
	}
	connectTo(t, c)

	c = startCoordinator(t, CoordinatorSettings{User: "u", Password: "p"})
	_, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), User: "u", Password: "q"})
	require.ErrorIs(t, err, ErrAuth)
	client, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), User: "u", Password: "p"})
	require.NoError(t, err)
	client.Close()
}

func TestTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("coordinator", "", loopback)
	c := startCoordinator(t, CoordinatorSettings{Token: "t", Cert: cert, Key: key, WebSocket: "127.0.0.1:0"})
	require.True(t, strings.HasPrefix(c.URL(), "tls://"))
	client, h := (*Client)(nil), (*hand)(nil)
	for _, url := range []string{c.URL(), c.WebSocketURL()} {
		var err error
		client, err = Connect(t.Context(), ConnectSettings{URL: url, Token: "t", CA: a.file})
		require.NoError(t, err, url)
		l, err := dial(t.Context(), ConnectSettings{URL: url, Token: "t", CA: a.file}, "hand")
		require.NoError(t, err)
		h = &hand{t, l}
		id, err := client.Submit(t.Context(), trivial(1))
		require.NoError(t, err)
		h.doAll(anyQueue, 1, echo)
		assert.Len(t, resultsOf(t, client, id), 1)
		client.Close()
		l.nc.Close()
	}
	for _, url := range []string{c.URL(), c.WebSocketURL()} { // and a worker
		client, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: "t", CA: a.file})
		require.NoError(t, err)
		w, err := NewWorker(WorkerSettings{Connect: ConnectSettings{URL: url, Token: "t", CA: a.file}, Slots: 1, Dir: t.TempDir()})
		require.NoError(t, err)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- w.Run(ctx) }()
		r, err := client.Map(t.Context(), Job{Kind: "function", Function: "square", Tasks: []Task{{Data: []byte("11")}}})
		require.NoError(t, err)
		assert.Equal(t, []string{"121", w.ID()}, []string{string(r[0].Data), r[0].Worker}, url)
		leave()
		require.NoError(t, <-left)
		client.Close()
	}
	_, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: "t"})
	require.ErrorIs(t, err, ErrAuth, "an authority that nobody knows")
	assert.ErrorContains(t, err, "certificate")
	_, err = Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: "wrong", CA: a.file})
	require.ErrorIs(t, err, ErrAuth)
	_, err = Connect(t.Context(), ConnectSettings{URL: strings.Replace(c.URL(), "127.0.0.1", "localhost", 1), Token: "t", CA: a.file})
	require.ErrorIs(t, err, ErrAuth, "a certificate of another name")
	assert.ErrorContains(t, err, "localhost")

	plain := startCoordinator(t, CoordinatorSettings{Token: "t"})
	_, err = Connect(t.Context(), ConnectSettings{URL: "tls://" + plain.Addr(), Token: "t", CA: a.file})
	require.ErrorIs(t, err, ErrAuth)
	assert.ErrorContains(t, err, "does not speak TLS")
}

func TestClientCertificates(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("coordinator", "localhost", loopback)
	mine, mineKey := a.issue("client", "", nil)
	b := newAuthority(t)
	other, otherKey := b.issue("stranger", "", nil)
	c := startCoordinator(t, CoordinatorSettings{Token: "t", Cert: cert, Key: key, ClientCA: a.file})
	client, err := Connect(t.Context(), ConnectSettings{URL: c.URL(), Token: "t", CA: a.file, Cert: mine, Key: mineKey})
	require.NoError(t, err)
	client.Close()
	for _, s := range []ConnectSettings{
		{URL: c.URL(), Token: "t", CA: a.file},
		{URL: c.URL(), Token: "t", CA: a.file, Cert: other, Key: otherKey},
	} {
		_, err = Connect(t.Context(), s)
		require.ErrorIs(t, err, ErrAuth)
	}
}

func TestBeyondLoopback(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("coordinator", "", loopback)
	for name, x := range map[string]struct {
		settings CoordinatorSettings
		want     string
	}{
		"nothing":           {CoordinatorSettings{Listen: "0.0.0.0:0"}, "set a token"},
		"every interface":   {CoordinatorSettings{Listen: ":0"}, "set a token"},
		"IPv6":              {CoordinatorSettings{Listen: "[::]:0"}, "set a token"},
		"a name":            {CoordinatorSettings{Listen: "example.org:0"}, "set a token"},
		"token only":        {CoordinatorSettings{Listen: "0.0.0.0:0", Token: "t"}, "without TLS"},
		"certificate only":  {CoordinatorSettings{Listen: "0.0.0.0:0", Cert: cert, Key: key}, "set a token"},
		"WebSocket":         {CoordinatorSettings{Listen: "127.0.0.1:0", WebSocket: "0.0.0.0:0", Token: "t"}, "without TLS"},
		"key missing":       {CoordinatorSettings{Cert: cert}, "needs its key"},
		"no port":           {CoordinatorSettings{Listen: "127.0.0.1"}, "host:port"},
		"port":              {CoordinatorSettings{Listen: "127.0.0.1:99999"}, "up to 65535"},
		"two ways":          {CoordinatorSettings{Token: "t", User: "u", Password: "p"}, "not both"},
		"no password":       {CoordinatorSettings{User: "u"}, "needs a password"},
		"wrong certificate": {CoordinatorSettings{Cert: key, Key: cert, Listen: "127.0.0.1:0"}, "certificate"},
		"ack wait":          {CoordinatorSettings{AckWait: time.Millisecond}, "at least 100 ms"},
		"history":           {CoordinatorSettings{History: -1}, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			x.settings.Store = t.TempDir()
			_, err := NewCoordinator(x.settings)
			require.ErrorContains(t, err, x.want)
		})
	}
	_, err := NewCoordinator(CoordinatorSettings{})
	require.ErrorContains(t, err, "no directory")
	c := startCoordinator(t, CoordinatorSettings{Listen: "0.0.0.0:0", Token: "t", Cert: cert, Key: key})
	_, port, err := net.SplitHostPort(c.Addr())
	require.NoError(t, err)
	client, err := Connect(t.Context(), ConnectSettings{URL: "tls://127.0.0.1:" + port, Token: "t", CA: a.file})
	require.NoError(t, err)
	client.Close()
}

func TestNobodyThere(t *testing.T) {
	_, err := Connect(t.Context(), ConnectSettings{URL: "nats://" + freePort(t)})
	require.ErrorIs(t, err, ErrNoCoordinator)
	nc := startNATS(t)
	_, err = Connect(t.Context(), ConnectSettings{URL: nc.ConnectedUrl(), Timeout: 300 * time.Millisecond})
	require.ErrorIs(t, err, ErrNoCoordinator)
}
