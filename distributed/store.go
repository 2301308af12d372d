package distributed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// CoordinatorSettings of NewCoordinator. Only Store is needed.
type CoordinatorSettings struct {
	Store     string // directory of everything that lasts; made if missing. Start again with the same one to go on
	Listen    string // host:port of the embedded server; "" means 127.0.0.1:4222; port 0: a free one, see Addr
	WebSocket string // host:port of a WebSocket listener beside it; "" means none

	// Who may connect. Listening beyond loopback needs a token or a user, and a certificate.
	Token    string
	User     string
	Password string
	Cert     string // with Key, files (PEM): TLS on all listeners
	Key      string
	ClientCA string // file (PEM): clients and workers must show a certificate of this authority

	NATS *ConnectSettings // use this NATS server or cluster with JetStream, start none; Store, Listen and all of the above are not used

	AckWait     time.Duration // a worker silent for this long has lost its tasks to others; 0 means 6 s
	History     time.Duration // jobs are forgotten this long after their end; 0 means 30 days
	HistoryJobs int           // and the oldest ended beyond so many; 0 means 10,000
	Log         *slog.Logger  // nil discards
}

func (s *CoordinatorSettings) defaults() error {
	if s.AckWait == 0 {
		s.AckWait = defaultAckWait
	}
	if s.History == 0 {
		s.History = 30 * 24 * time.Hour
	}
	if s.HistoryJobs == 0 {
		s.HistoryJobs = 10_000
	}
	if s.Listen == "" {
		s.Listen = "127.0.0.1:4222"
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case s.AckWait < 100*time.Millisecond:
		return fmt.Errorf("coordinator: AckWait %v: at least 100 ms", s.AckWait)
	case s.History < 0 || s.HistoryJobs < 0:
		return fmt.Errorf("coordinator: history of %v and %d jobs: must not be negative", s.History, s.HistoryJobs)
	case s.NATS != nil:
		return nil
	case s.Store == "":
		return errors.New("coordinator: no directory for its store")
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("coordinator: a certificate needs its key, a key its certificate")
	case s.User != "" && s.Password == "":
		return errors.New("coordinator: a user needs a password")
	case s.User != "" && s.Token != "":
		return errors.New("coordinator: a token or a user, not both")
	case s.ClientCA != "" && s.Cert == "":
		return errors.New("coordinator: asking clients for certificates needs one of its own")
	}
	for _, address := range []string{s.Listen, s.WebSocket} {
		if address == "" {
			continue
		}
		host, _, err := splitAddress(address)
		if err != nil {
			return err
		}
		if isLoopback(host) {
			continue
		}
		if s.Token == "" && s.User == "" {
			return fmt.Errorf("coordinator: %w to listen at %s, which others can reach: set a token, or a user and password", ErrAuth, address)
		}
		if s.Cert == "" {
			return fmt.Errorf("coordinator: %w to listen at %s, which others can reach, without TLS: set a certificate and its key", ErrAuth, address)
		}
	}
	return nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(p)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("coordinator: address %q: want host:port, with a port up to 65535", address)
	}
	return host, port, nil
}

// isLoopback tells whether only this machine can reach host. "" is every interface.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serverTLS is the configuration of the listeners, nil without a certificate.
func (s *CoordinatorSettings) serverTLS() (*tls.Config, error) {
	if s.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	if err != nil {
		return nil, fmt.Errorf("coordinator: certificate %s with key %s: %w", s.Cert, s.Key, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if s.ClientCA != "" {
		pem, err := os.ReadFile(s.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("coordinator: %w", err)
		}
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("coordinator: %s holds no certificate in PEM", s.ClientCA)
		}
	}
	return c, nil
}

// startServer starts the embedded NATS server. Every write is on the disk before it is acknowledged.
func startServer(ctx context.Context, s *CoordinatorSettings, fail func(error)) (*server.Server, error) {
	host, port, err := splitAddress(s.Listen)
	if err != nil {
		return nil, err
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	conf, err := s.serverTLS()
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "0.0.0.0"
	}
	options := &server.Options{
		ServerName: "ritz", Host: host, Port: port, NoSigs: true, NoLog: true,
		Authorization: s.Token, Username: s.User, Password: s.Password,
		JetStream: true, StoreDir: s.Store, SyncAlways: true,
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 30, // the disk is the limit, not the share of it that was free at the start
		TLSConfig: conf, TLS: conf != nil, TLSVerify: s.ClientCA != "", TLSTimeout: 5,
		PingInterval: 5 * time.Second, MaxPingsOut: 2, // a partitioned worker is let go after 15 s
	}
	if s.WebSocket != "" {
		host, port, err := splitAddress(s.WebSocket)
		if err != nil {
			return nil, err
		}
		if port == 0 {
			port = server.RANDOM_PORT
		}
		options.Websocket = server.WebsocketOpts{Host: host, Port: port, NoTLS: conf == nil, TLSConfig: conf,
			AllowedOrigins: []string{"https://none.invalid"}} // workers name no origin, pages in a browser do: none of them
	}
	if err := os.MkdirAll(s.Store, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	srv, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("coordinator: %w", err)
	}
	srv.SetLogger(natsLog{s.Log, fail}, false, false)
	srv.Start()
	for begin := time.Now(); !srv.ReadyForConnections(50 * time.Millisecond); {
		if ctx.Err() != nil || time.Since(begin) > 30*time.Second {
			srv.Shutdown()
			return nil, fmt.Errorf("coordinator: cannot serve at %s from %s: %w", s.Listen, s.Store, context.Cause(ctx))
		}
	}
	if !srv.JetStreamEnabled() {
		srv.Shutdown()
		return nil, fmt.Errorf("%w: %s cannot be written to", ErrStore, s.Store)
	}
	return srv, nil
}

// natsLog passes on what the embedded server complains about. Of a write that failed it tells nobody else: whoever
// published waits in vain.
type natsLog struct {
	log  *slog.Logger
	fail func(error)
}

func (l natsLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error("store: " + text)
	if strings.Contains(text, "failed to store a msg") || strings.Contains(text, "ritical write error") {
		l.fail(errors.New(text))
	}
}
func (l natsLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error("store: " + text)
	l.fail(errors.New(text))
}
func (l natsLog) Warnf(format string, v ...any)   { l.log.Warn("store: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Noticef(format string, v ...any) {}
func (l natsLog) Debugf(format string, v ...any)  {}
func (l natsLog) Tracef(format string, v ...any)  {}

// hasRoom tells whether the directory takes a few megabytes.
func hasRoom(dir string) error {
	f, err := os.CreateTemp(dir, "room-*")
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(dir, filepath.Base(f.Name())))
	_, err = f.Write(make([]byte, 4<<20))
	return errors.Join(err, f.Sync(), f.Close())
}

// store is the durable side of a coordinator.
type store struct {
	tasks, events jetstream.Stream
	jobs          jetstream.KeyValue
	files         jetstream.ObjectStore
	objects       jetstream.Stream // what files consists of
}

// openStore makes the streams that are missing.
func openStore(ctx context.Context, js jetstream.JetStream) (*store, error) {
	var s store
	var err error
	s.tasks, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamTasks, Subjects: []string{subjectTask + ">"}, Retention: jetstream.WorkQueuePolicy,
		Discard: jetstream.DiscardNew, Duplicates: 2 * time.Hour, Storage: jetstream.FileStorage,
	})
	if err == nil {
		s.events, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: streamEvents, Subjects: []string{subjectEvent + ">"}, Retention: jetstream.LimitsPolicy,
			Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		})
	}
	if err == nil {
		s.jobs, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucketJobs, Storage: jetstream.FileStorage})
	}
	if err == nil {
		s.files, err = js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucketFiles, Storage: jetstream.FileStorage})
	}
	if err == nil {
		s.objects, err = js.Stream(ctx, "OBJ_"+bucketFiles)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	return &s, nil
}

// record is what bucketJobs holds of a job.
type record struct {
	Protocol  int       `json:"protocol"`
	Header    header    `json:"header"`
	Submitted time.Time `json:"submitted"`
	From      uint64    `json:"from"`            // its events come after this one
	Complete  bool      `json:"complete"`        // all tasks have arrived
	Held      bool      `json:"held,omitempty"`  // its chunks were put into classHeld
	Final     *Status   `json:"final,omitempty"` // when it has ended
}

// records reads all of them.
func (s *store) records(ctx context.Context, bad func(error)) ([]*record, error) {
	w, err := s.jobs.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	defer w.Stop()
	var all []*record
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case e := <-w.Updates():
			if e == nil {
				return all, nil
			}
			r, err := decode[record]("record of a job", e.Value())
			if err == nil {
				err = r.Header.check()
			}
			if err != nil {
				bad(fmt.Errorf("job %s: %w", e.Key(), err))
				continue
			}
			all = append(all, r)
		}
	}
}

// put writes a record.
func (s *store) put(ctx context.Context, r *record) error {
	r.Protocol = protocol
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err = s.jobs.Put(ctx, r.Header.ID, data); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%w: job %s: %w", ErrStore, r.Header.ID, err)
	}
	return nil
}

// forget removes all traces of a job.
func (s *store) forget(ctx context.Context, id string) error {
	err := errors.Join(
		s.tasks.Purge(ctx, jetstream.WithPurgeSubject(subjectTask+"*.*."+id)),
		s.events.Purge(ctx, jetstream.WithPurgeSubject(subjectEvent+id)))
	objects, e := s.files.List(ctx)
	if e != nil && !errors.Is(e, jetstream.ErrNoObjectsFound) {
		return errors.Join(err, e)
	}
	for _, o := range objects {
		if len(o.Name) > len(id) && o.Name[:len(id)+1] == id+"/" {
			err = errors.Join(err, s.files.Delete(ctx, o.Name))
		}
	}
	return errors.Join(err, s.jobs.Purge(ctx, id))
}

// dropOrphans removes pieces of objects that belong to none: whoever sent them died before it had sent all, and the last
// came before the given time.
func (s *store) dropOrphans(ctx context.Context, before time.Time) error {
	const chunks = "$O." + bucketFiles + ".C." // + what an object calls its pieces
	info, err := s.objects.Info(ctx, jetstream.WithSubjectFilter(chunks+">"))
	if err != nil {
		return err
	}
	objects, err := s.files.List(ctx) // after the pieces: it knows of all that were complete
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return err
	}
	for _, o := range objects {
		delete(info.State.Subjects, chunks+o.NUID)
	}
	err = nil
	for subject := range info.State.Subjects {
		last, e := s.objects.GetLastMsgForSubject(ctx, subject)
		if e == nil && last.Time.Before(before) {
			e = s.objects.Purge(ctx, jetstream.WithPurgeSubject(subject))
		}
		if !errors.Is(e, jetstream.ErrMsgNotFound) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// openQueue makes the consumer of a queue if it is missing.
func (s *store) openQueue(ctx context.Context, q queue, ackWait time.Duration) error {
	requires, err := json.Marshal(q.Requires)
	if err != nil {
		return err
	}
	_, err = s.tasks.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: q.durable(), FilterSubject: q.filter(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: -1, MaxWaiting: 1 << 14, Metadata: map[string]string{"requires": string(requires)},
	})
	if err != nil {
		return fmt.Errorf("%w: queue %s: %w", ErrStore, q.durable(), err)
	}
	return nil
}

// queues are those that exist. Empty ones of special requirements are closed: workers look at every queue.
func (s *store) queues(ctx context.Context, ackWait time.Duration) ([]queue, error) {
	var all []queue
	list := s.tasks.ListConsumers(ctx)
	for info := range list.Info() {
		parts := strings.Split(strings.TrimPrefix(info.Config.FilterSubject, subjectTask), ".")
		if len(parts) != 3 || parts[0] == classHeld {
			continue
		}
		q := queue{Class: parts[0]}
		var err error
		if q.Priority, err = strconv.Atoi(parts[1]); err != nil || json.Unmarshal([]byte(info.Config.Metadata["requires"]), &q.Requires) != nil {
			continue
		}
		if info.NumPending == 0 && info.NumAckPending == 0 {
			if err := s.tasks.DeleteConsumer(ctx, info.Name); err != nil {
				return nil, err
			}
			continue
		}
		if info.Config.AckWait != ackWait {
			if err := s.openQueue(ctx, q, ackWait); err != nil {
				return nil, err
			}
		}
		all = append(all, q)
	}
	return all, list.Err()
}
