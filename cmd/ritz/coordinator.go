package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/distributed/dashboard"
	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	coordinatorUsage = "[--listen HOST:PORT] [--store DIR] [--token-file FILE] [--tls-cert FILE --tls-key FILE] [--http HOST:PORT] ..."
	coordinatorHelp  = `
  --listen HOST:PORT     where clients and workers connect; default 127.0.0.1:4222.
                         Port 0 is any that is free. Listening where others can
                         reach it (0.0.0.0:4222) needs a token and a certificate
  --websocket HOST:PORT  the same through HTTP, for workers behind a proxy
  --store DIR            where all jobs are; default ritz-store. Started again with
                         the same one, a coordinator goes on where it was
  --token-file FILE      what clients and workers must know; it is made, with a new
                         token, if it is missing. Default: RITZ_TOKEN
  --tls-cert FILE        certificate and key (PEM) of this machine
  --tls-key FILE
  --tls-client-ca FILE   clients and workers need a certificate of this authority
  --http HOST:PORT       serve the dashboard, /metrics and /health there; with TLS
                         if there is a certificate. Where others can reach it, it
                         needs a token and a certificate too
  --history DURATION     forget jobs so long after their end; default 720h
  --idle-after DURATION  stop, and the workers with it, after so long without work
  --announce FILE        write the addresses there, as JSON, once it is ready
  --quiet                print nothing but warnings and errors

The coordinator runs until Ctrl-C or SIGTERM, and exits with 0 then: jobs and what
has been done of them are in the store. It tells systemd when it is ready
(Type=notify). Users, passwords and an external NATS are for the library.`
)

// announcement is what --announce writes.
type announcement struct {
	Connect   string `json:"connect"`
	WebSocket string `json:"websocket,omitempty"`
	Dashboard string `json:"dashboard,omitempty"` // without the token
	PID       int    `json:"pid"`
}

func runCoordinator(ctx context.Context, args []string, s streams) int {
	settings := distributed.CoordinatorSettings{}
	f := flag.NewFlagSet("coordinator", flag.ContinueOnError)
	f.StringVar(&settings.Listen, "listen", "", "")
	f.StringVar(&settings.WebSocket, "websocket", "", "")
	f.StringVar(&settings.Store, "store", "ritz-store", "")
	tokenFile := f.String("token-file", "", "")
	f.StringVar(&settings.Cert, "tls-cert", "", "")
	f.StringVar(&settings.Key, "tls-key", "", "")
	f.StringVar(&settings.ClientCA, "tls-client-ca", "", "")
	page := f.String("http", "", "")
	f.DurationVar(&settings.History, "history", 0, "")
	idle := f.Duration("idle-after", 0, "")
	announce := f.String("announce", "", "")
	quiet := f.Bool("quiet", false, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	if *tokenFile != "" {
		if err := makeToken(*tokenFile); err != nil {
			return refuse(s, err)
		}
	}
	var err error
	if settings.Token, err = readToken(*tokenFile); err != nil {
		return refuse(s, err)
	}
	level := slog.LevelInfo
	if *quiet {
		level = slog.LevelWarn
	}
	settings.Log = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))

	if *page != "" && settings.Token == "" && !loopback(*page) {
		return misused("coordinator", s, "a dashboard at "+*page+", which others can reach, needs a token: --token-file FILE")
	}
	if *page != "" && settings.Cert == "" && !loopback(*page) {
		return misused("coordinator", s, "a dashboard at "+*page+", which others can reach, needs TLS, or the token can be read on its way: --tls-cert FILE --tls-key FILE")
	}
	c, err := distributed.NewCoordinator(settings)
	switch {
	case errors.Is(err, distributed.ErrAuth) && settings.Token == "":
		return misused("coordinator", s, err.Error()+": --token-file FILE")
	case errors.Is(err, distributed.ErrAuth) && settings.Cert == "":
		return misused("coordinator", s, err.Error()+": --tls-cert FILE --tls-key FILE")
	case err != nil:
		return refuse(s, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	a := announcement{Connect: reachable(c.URL()), WebSocket: reachable(c.WebSocketURL()), PID: os.Getpid()}
	if *page != "" {
		server, address, err := serveDashboard(ctx, c, *page, &settings)
		if err != nil {
			stop(nil)
			c.Run(ctx)
			return refuse(s, err)
		}
		defer server.Close()
		go func() {
			if err := server.run(); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("dashboard: %w", err))
			}
		}()
		a.Dashboard = reachable(address)
	}
	if *idle > 0 {
		go endIdle(ctx, c, settings.Log, *idle, stop)
	}
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		client, err := c.Client(ctx) // answers when all is ready
		if err != nil {
			return
		}
		client.Close()
		if !*quiet {
			introduce(s.err, a, *tokenFile, settings.Token != "")
		}
		if *announce != "" {
			text, _ := json.Marshal(a)
			if err := atomicfile.Write(*announce, bytes.NewReader(append(text, '\n'))); err != nil {
				stop(err)
			}
		}
		notifySystemd()
	}()
	err = c.Run(ctx)
	<-ready
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	if err != nil && !errors.Is(err, errIdle) {
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	if errors.Is(err, errIdle) && !*quiet {
		fmt.Fprintf(s.err, "no work for %v: the cluster ends\n", *idle)
	}
	return exitDone
}

// makeToken writes a new token into the file if there is none.
func makeToken(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = fmt.Fprintln(f, newToken())
		err = errors.Join(err, f.Close())
	}
	return err
}

// introduce tells how to connect. It never prints the token.
func introduce(w io.Writer, a announcement, tokenFile string, token bool) {
	fmt.Fprintf(w, "coordinator ready at %s\n", a.Connect)
	more := ""
	switch {
	case tokenFile != "":
		if path, err := filepath.Abs(tokenFile); err == nil {
			tokenFile = path
		}
		more = " --token-file " + tokenFile
	case token:
		more = "   (with the token in RITZ_TOKEN)"
	}
	fmt.Fprintf(w, "  workers:   ritz worker --connect %s%s\n  jobs:      ritz submit FILE --connect %s%s\n", a.Connect, more, a.Connect, more)
	if a.WebSocket != "" {
		fmt.Fprintf(w, "  through HTTP: --connect %s\n", a.WebSocket)
	}
	if a.Dashboard == "" {
		return
	}
	how := ""
	if token {
		how = "   (asks for the token)"
	}
	fmt.Fprintf(w, "  dashboard: %s%s\n", a.Dashboard, how)
}

// dashboardServer is the HTTP server of the dashboard.
type dashboardServer struct {
	http.Server
	listener  net.Listener
	cert, key string
}

func (d *dashboardServer) run() error {
	if d.cert != "" {
		return d.ServeTLS(d.listener, d.cert, d.key)
	}
	return d.Serve(d.listener)
}

func serveDashboard(ctx context.Context, c *distributed.Coordinator, address string, s *distributed.CoordinatorSettings) (*dashboardServer, string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("dashboard: %w", err)
	}
	d := &dashboardServer{listener: l, cert: s.Cert, key: s.Key}
	d.Handler = dashboard.Handler(c, dashboard.Settings{Token: s.Token, Version: job.Version})
	d.ReadHeaderTimeout = 10 * time.Second
	d.BaseContext = func(net.Listener) context.Context { return ctx } // streams end with it
	d.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelInfo)
	scheme := "http"
	if s.Cert != "" {
		scheme = "https"
	}
	return d, scheme + "://" + l.Addr().String() + "/", nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

var errIdle = errors.New("idle")

// endIdle stops the coordinator when nothing was queued or running for long enough.
func endIdle(ctx context.Context, c *distributed.Coordinator, log *slog.Logger, after time.Duration, stop context.CancelCauseFunc) {
	tick := time.NewTicker(min(after/4+time.Millisecond, time.Second))
	defer tick.Stop()
	since, submitted := time.Now(), c.Counters().Submitted
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n := c.Counters()
		if n.Queued+n.Running > 0 || n.Submitted != submitted {
			since, submitted = time.Now(), n.Submitted
		} else if time.Since(since) >= after {
			stopWorkers(ctx, c, log)
			stop(errIdle)
			return
		}
	}
}

// stopWorkers asks all workers to leave, and gives them a moment: they say goodbye.
func stopWorkers(ctx context.Context, c *distributed.Coordinator, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client, err := c.Client(ctx)
	if err != nil {
		log.Warn("workers not told to leave", "error", err)
		return
	}
	defer client.Close()
	for _, w := range c.Workers() {
		if w.State != "lost" {
			_ = client.StopWorker(ctx, w.ID)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for slices.ContainsFunc(c.Workers(), func(w distributed.WorkerStatus) bool { return !hasLeft(w) }) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// hasLeft tells whether a worker is no longer there: its last word uses no memory.
func hasLeft(w distributed.WorkerStatus) bool {
	return w.State == "lost" || w.State == "draining" && w.RSS == 0
}

// reachable names this machine in an address that stands for all of its interfaces.
func reachable(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	host, nameErr := os.Hostname()
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsUnspecified() || nameErr != nil {
		return address
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String()
}

// notifySystemd tells a service manager that waits for it that all is ready.
func notifySystemd() {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if c, err := net.Dial("unixgram", socket); err == nil {
		fmt.Fprint(c, "READY=1")
		c.Close()
	}
}
