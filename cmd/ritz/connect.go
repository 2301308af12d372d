package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/distributed"
)

const connectHelp = `
  --connect URL      the coordinator: nats://HOST:PORT, tls://, ws:// or wss://;
                     default RITZ_CONNECT, else the cluster of ritz cluster start
  --token-file FILE  the token; default RITZ_TOKEN or the file RITZ_TOKEN_FILE.
                     There is no flag for the token itself: others could read it
  --ca FILE          certificates (PEM) that the coordinator's comes from;
                     default RITZ_CA, else those of the system
  --cluster DIR      the directory of another ritz cluster start; default
                     RITZ_CLUSTER`

// connection is how a command finds the coordinator.
type connection struct {
	url, tokenFile, ca, cluster string
}

func (c *connection) flags(f *flag.FlagSet) {
	f.StringVar(&c.url, "connect", "", "")
	f.StringVar(&c.tokenFile, "token-file", "", "")
	f.StringVar(&c.ca, "ca", "", "")
	f.StringVar(&c.cluster, "cluster", "", "")
}

var errNoCluster = errors.New("no coordinator is named")

// settings are those of the flags, else of the environment, else of the cluster on
// this machine.
func (c *connection) settings() (distributed.ConnectSettings, error) {
	s := distributed.ConnectSettings{URL: firstOf(c.url, os.Getenv("RITZ_CONNECT")), CA: firstOf(c.ca, os.Getenv("RITZ_CA"))}
	if c.cluster != "" && s.URL != "" && c.url == "" {
		s.URL = "" // the flag is nearer than the environment
	}
	for _, url := range strings.Split(s.URL, ",") {
		if strings.Contains(url, "@") {
			return s, errors.New("no user or token in the address, please, where others can read it: use --token-file or RITZ_TOKEN")
		}
		if scheme, _, ok := strings.Cut(url, "://"); ok && !slices.Contains([]string{"nats", "tls", "ws", "wss"}, scheme) {
			return s, fmt.Errorf("address %q: expected nats://HOST:PORT, tls://, ws:// or wss://", url)
		}
	}
	dir, err := clusterDir(c.cluster)
	if err != nil && s.URL == "" {
		return s, err
	}
	var local *clusterFile
	if err == nil {
		local, err = readCluster(dir)
	}
	switch {
	case s.URL != "":
	case errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("%w, and no cluster in %s", errNoCluster, dir)
	case err != nil:
		return s, err
	default:
		s.URL = local.Connect
	}
	s.Token, err = readToken(c.tokenFile)
	if err == nil && s.Token == "" && local != nil && local.Connect == s.URL {
		s.Token, err = readToken(filepath.Join(dir, "token"))
	}
	return s, err
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// readToken reads the file, or what the environment says; "" if there is none.
func readToken(file string) (string, error) {
	if file == "" {
		if token := strings.TrimSpace(os.Getenv("RITZ_TOKEN")); token != "" {
			return token, nil
		}
		if file = os.Getenv("RITZ_TOKEN_FILE"); file == "" {
			return "", nil
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("token: %s should hold one word", file)
	}
	return token, nil
}

// find is settings, or says how to exit.
func (c *connection) find(s streams) (settings distributed.ConnectSettings, code int) {
	settings, err := c.settings()
	switch {
	case err == nil:
		return settings, -1
	case errors.Is(err, errNoCluster):
		return settings, refuseRemote(s, "", err)
	}
	return settings, refuse(s, err)
}

// dial connects, or says how to exit.
func (c *connection) dial(ctx context.Context, s streams) (client *distributed.Client, code int) {
	settings, code := c.find(s)
	if code >= 0 {
		return nil, code
	}
	client, err := distributed.Connect(ctx, settings)
	if err != nil {
		return nil, refuseRemote(s, settings.URL, err)
	}
	return client, -1
}

// refuseRemote prints what went wrong with the coordinator at url, and says how to
// exit: what will not be better the next time is bad input.
func refuseRemote(s streams, url string, err error) int {
	const start = `start one with "ritz cluster start" (on this machine) or "ritz coordinator"`
	var certificate *tls.CertificateVerificationError
	code := exitFailed
	switch {
	case errors.Is(err, errNoCluster):
		fmt.Fprintf(s.err, "ritz: %v: %s, or name one with --connect\n", err, start)
		return code
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(s.err, "ritz: interrupted")
		return code
	case errors.Is(err, distributed.ErrNoCoordinator) && url != "":
		fmt.Fprintf(s.err, "ritz: no coordinator at %s: %s, or name another with --connect\n", url, start)
		return code
	case errors.As(err, &certificate):
		fmt.Fprintf(s.err, "ritz: the certificate of the coordinator at %s is refused: %v; name the file (PEM) of its authority, or its own, with --ca or RITZ_CA\n", url, certificate.Err)
		return exitUsage
	case errors.Is(err, distributed.ErrAuth):
		fmt.Fprintf(s.err, "ritz: %v; the token comes from --token-file, RITZ_TOKEN or RITZ_TOKEN_FILE\n", err)
		return exitUsage
	}
	for _, bad := range []error{distributed.ErrVersion, distributed.ErrTooLarge, distributed.ErrNoJob, distributed.ErrName,
		distributed.ErrJob, distributed.ErrConflict, fs.ErrNotExist} {
		if errors.Is(err, bad) {
			code = exitUsage
		}
	}
	fmt.Fprintln(s.err, "ritz:", err)
	return code
}

// labels is a flag k=v that may be given several times.
type labels map[string]string

func (l *labels) String() string { return fmt.Sprint(map[string]string(*l)) }
func (l *labels) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q: expected KEY=VALUE, such as gpu=1", text)
	}
	if *l == nil {
		*l = labels{}
	}
	(*l)[key] = value
	return distributed.CheckLabels(map[string]string{key: value})
}

// memory is a flag of bytes: 500M, 4G, 1.5GiB.
type memory int64

func (m *memory) String() string { return fmt.Sprint(int64(*m)) }
func (m *memory) Set(text string) error {
	var x float64
	unit := ""
	if n, err := fmt.Sscanf(text, "%g%s", &x, &unit); n == 0 {
		return fmt.Errorf("%q: expected a number of bytes, such as 500M or 4G (%v)", text, err)
	}
	unit = strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(unit), "B"), "I")
	power := strings.Index("KMGT", unit) + 1
	if unit == "" {
		power = 0
	} else if power == 0 || len(unit) > 1 {
		return fmt.Errorf("%q: expected a number of bytes, such as 500M or 4G", text)
	}
	for range power {
		x *= 1024
	}
	if !(x >= 1 && x < 1<<62) {
		return fmt.Errorf("%q: expected a number of bytes above 0", text)
	}
	*m = memory(x)
	return nil
}
