package distributed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ConnectSettings say where the coordinator is and who asks. The same go to clients and workers.
type ConnectSettings struct {
	URL      string // nats://host:port, tls://host:port, ws://host:port, wss://host:port, several with commas; "" means nats://127.0.0.1:4222
	Token    string
	User     string // with Password, instead of a token
	Password string
	CA       string        // file of certificates (PEM) that the coordinator's must come from; "" means the system's
	Cert     string        // with Key, files (PEM): a certificate of this side, if the coordinator asks for one
	Key      string        //
	Timeout  time.Duration // of connecting and of one request; 0 means 5 s
}

func (s *ConnectSettings) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return 5 * time.Second
}

// tls is the configuration for dialling, nil if neither the address nor the settings ask for TLS.
func (s *ConnectSettings) tls() (*tls.Config, error) {
	if s.CA == "" && s.Cert == "" && s.Key == "" && !strings.Contains(s.URL, "tls://") && !strings.Contains(s.URL, "wss://") {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		pem, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, fmt.Errorf("certificates of the authority: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", s.CA)
		}
	}
	if s.Cert != "" || s.Key != "" {
		pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", s.Cert, s.Key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// link is a connection to NATS and what is used of it.
type link struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	timeout time.Duration
}

// dial connects. Once connected, it reconnects for as long as the process lives.
func dial(ctx context.Context, s ConnectSettings, name string, more ...nats.Option) (*link, error) {
	url := s.URL
	if url == "" {
		url = nats.DefaultURL
	}
	options := []nats.Option{
		nats.Name(name), nats.Timeout(s.timeout()), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(false),
		nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.IgnoreAuthErrorAbort(),
	}
	if s.Token != "" {
		options = append(options, nats.Token(s.Token))
	}
	if s.User != "" {
		options = append(options, nats.UserInfo(s.User, s.Password))
	}
	conf, err := s.tls()
	if err != nil {
		return nil, err
	}
	if conf != nil {
		options = append(options, nats.Secure(conf))
	}
	type answer struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan answer, 1)
	go func() {
		nc, err := nats.Connect(url, append(options, more...)...)
		done <- answer{nc, err}
	}()
	var a answer
	select {
	case a = <-done:
	case <-ctx.Done():
		go func() { // whoever connects late hangs up
			if a := <-done; a.nc != nil {
				a.nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
	if a.err != nil {
		return nil, connectError(url, a.err)
	}
	js, err := jetstream.New(a.nc)
	if err != nil {
		a.nc.Close()
		return nil, err
	}
	return &link{a.nc, js, s.timeout()}, nil
}

// withoutSecrets is an address, or several with commas, without the user or token that may be in it.
func withoutSecrets(addresses string) string {
	all := strings.Split(addresses, ",")
	for i, a := range all {
		if at := strings.LastIndex(a, "@"); at >= 0 {
			scheme, _, ok := strings.Cut(a[:at], "://")
			if all[i] = a[at+1:]; ok {
				all[i] = scheme + "://" + all[i]
			}
		}
	}
	return strings.Join(all, ",")
}

// connectError says which of the usual causes it was.
func connectError(url string, err error) error {
	url = withoutSecrets(url)
	var network net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), strings.Contains(strings.ToLower(err.Error()), "authorization violation"):
		return fmt.Errorf("%w at %s: token or user refused", ErrAuth, url)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w at %s: %w", ErrAuth, url, certificate)
	case strings.Contains(err.Error(), "remote error: tls:"), strings.Contains(err.Error(), "after TLS handshake"):
		return fmt.Errorf("%w at %s: it refuses this side's certificate: %w", ErrAuth, url, err)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return fmt.Errorf("%w at %s: it wants TLS; use tls:// or name the authority's certificates", ErrAuth, url)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%w at %s: it does not speak TLS", ErrAuth, url)
	case errors.Is(err, nats.ErrNoServers), errors.As(err, &network):
		return fmt.Errorf("%w at %s: %w", ErrNoCoordinator, url, err)
	}
	return fmt.Errorf("connecting to %s: %w", url, err)
}

// ask sends one request to the coordinator and waits for its answer.
func (l *link) ask(ctx context.Context, verb string, q request) (*response, error) {
	q.Protocol, q.Version = protocol, Version()
	data, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	m, err := l.nc.RequestWithContext(ctx, subjectAPI+verb, data)
	for errors.Is(err, nats.ErrNoResponders) && ctx.Err() == nil { // it may be just starting
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			if again, e := l.nc.RequestWithContext(ctx, subjectAPI+verb, data); !errors.Is(e, context.DeadlineExceeded) {
				m, err = again, e
			}
		}
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("%w at %s", ErrNoCoordinator, l.nc.ConnectedUrlRedacted())
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%w within %v", ErrNoCoordinator, l.timeout)
	case err != nil:
		return nil, err
	}
	r, err := decode[response]("answer of the coordinator", m.Data)
	if err != nil {
		return nil, err
	}
	if err := checkProtocol(r.Protocol, "coordinator", r.Version); err != nil {
		return nil, err
	}
	return r, r.err()
}
