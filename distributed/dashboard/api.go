package dashboard

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// problem answers with an error, as JSON.
func problem(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"error":"the answer holds a number that JSON cannot"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// fail tells what kept the source from doing what was asked.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	if errors.Is(err, distributed.ErrNoJob) {
		status = http.StatusNotFound
	}
	problem(w, status, err.Error())
}

func (h *handler) jobs(w http.ResponseWriter, r *http.Request) {
	jobs := []distributed.Status{}
	for _, s := range h.feed.read(h.now()).jobs {
		if s.State.Ended() && r.URL.Query().Get("all") != "1" {
			continue
		}
		s.Improvements = nil
		jobs = append(jobs, s)
	}
	answer(w, http.StatusOK, jobs)
}

func (h *handler) job(w http.ResponseWriter, r *http.Request) {
	s, ok := h.feed.read(h.now()).find(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "no job "+strconv.Quote(r.PathValue("id")))
		return
	}
	answer(w, http.StatusOK, s)
}

// mostFailures is how many failed attempts one request may ask for.
const mostFailures = 10000

func (h *handler) failures(w http.ResponseWriter, r *http.Request) {
	id, limit := r.PathValue("id"), 100
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostFailures {
			problem(w, http.StatusBadRequest, "limit "+strconv.Quote(text)+": a number from 1 to "+strconv.Itoa(mostFailures))
			return
		}
		limit = n
	}
	if _, ok := h.feed.read(h.now()).find(id); !ok {
		problem(w, http.StatusNotFound, "no job "+strconv.Quote(id))
		return
	}
	failures := h.source.Failures(id, limit)
	if failures == nil {
		failures = []distributed.Failure{}
	}
	answer(w, http.StatusOK, failures)
}

func (h *handler) workers(w http.ResponseWriter, _ *http.Request) {
	workers := h.feed.read(h.now()).workers
	if workers == nil {
		workers = []distributed.WorkerStatus{}
	}
	answer(w, http.StatusOK, workers)
}

func (h *handler) cancel(w http.ResponseWriter, r *http.Request) {
	if err := h.source.Cancel(r.PathValue("id")); err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"cancelled": r.PathValue("id")})
}

func (h *handler) retry(w http.ResponseWriter, r *http.Request) {
	n, err := h.source.Retry(r.PathValue("id"))
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]int{"retried": n})
}
