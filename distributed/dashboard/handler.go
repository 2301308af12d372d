package dashboard

import (
	"embed"
	"net/http"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// Source is what the dashboard shows and the two things it can do; the
// coordinator is one. Its methods are called from many goroutines, and what
// they return is only read.
type Source interface {
	// Jobs are those that have not ended, or all that are remembered.
	Jobs(all bool) []distributed.Status
	// Failures are the newest failed attempts of a job, at most limit.
	Failures(id string, limit int) []distributed.Failure
	Workers() []distributed.WorkerStatus
	// Spans are the attempts that ended at since or later, in any order.
	Spans(since time.Time) []distributed.Span
	Cancel(id string) error
	// Retry queues the failed tasks of a job again and says how many.
	Retry(id string) (int, error)
	Counters() distributed.Counters
}

// Settings of Handler.
type Settings struct {
	// Token is what every request for data must show as
	// "Authorization: Bearer TOKEN". Without one (""), only requests to
	// localhost are answered, so that no other site can reach the page
	// through a name that it points here.
	Token string
	// Version of the program, as /metrics tells it; "" is "unknown".
	Version string
}

//go:embed page
var page embed.FS

// assets are the files of the page: what a browser may have without a token,
// because they hold no data.
var assets = map[string]string{
	"index.html":    "text/html; charset=utf-8",
	"dashboard.css": "text/css; charset=utf-8",
	"dashboard.js":  "text/javascript; charset=utf-8",
	"timeline.js":   "text/javascript; charset=utf-8",
	"plot.js":       "text/javascript; charset=utf-8",
	"live.js":       "text/javascript; charset=utf-8",
	"elements.js":   "text/javascript; charset=utf-8",
}

// handler serves one source.
type handler struct {
	source  Source
	token   string
	version string
	feed    feed
	streams chan struct{} // one place a stream that is open
	now     func() time.Time
	period  time.Duration // between two events of a stream
}

// openStreams is how many pages may watch at once; more are told to come back.
const openStreams = 64

// Handler serves the dashboard of source: the page, its stream of events, the
// JSON API, /metrics and /health. All addresses in the page are relative, so
// it may be mounted below a prefix with http.StripPrefix. Streams end with
// their request's context: a server that is to shut down promptly sets
// http.Server.BaseContext.
func Handler(source Source, settings Settings) http.Handler {
	return newHandler(source, settings).routes()
}

func newHandler(source Source, settings Settings) *handler {
	h := &handler{
		source:  source,
		token:   settings.Token,
		version: settings.Version,
		streams: make(chan struct{}, openStreams),
		now:     time.Now,
		period:  500 * time.Millisecond,
	}
	if h.version == "" {
		h.version = "unknown"
	}
	h.feed.source = source
	return h
}

func (h *handler) routes() http.Handler {
	open := http.NewServeMux()
	open.HandleFunc("GET /{$}", h.index)
	for name := range assets {
		open.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) { asset(w, name, http.StatusOK) })
	}
	open.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})

	closed := http.NewServeMux()
	closed.HandleFunc("GET /metrics", h.metrics)
	closed.HandleFunc("GET /api/events", h.events)
	closed.HandleFunc("GET /api/jobs", h.jobs)
	closed.HandleFunc("GET /api/jobs/{id}", h.job)
	closed.HandleFunc("GET /api/jobs/{id}/failures", h.failures)
	closed.HandleFunc("GET /api/workers", h.workers)
	closed.HandleFunc("POST /api/jobs/{id}/cancel", h.cancel)
	closed.HandleFunc("POST /api/jobs/{id}/retry", h.retry)
	open.Handle("/metrics", h.protect(closed))
	open.Handle("/api/", h.protect(closed))
	return secure(h.local(open))
}

// index is the page. It holds no data, so it needs no token; one that is given
// and wrong is told at once.
func (h *handler) index(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	if given := r.URL.Query().Get("token"); given != "" && !h.allowed(given) {
		status = http.StatusUnauthorized
	}
	asset(w, "index.html", status)
}

func asset(w http.ResponseWriter, name string, status int) {
	data, err := page.ReadFile("page/" + name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", assets[name])
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
