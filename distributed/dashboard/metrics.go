package dashboard

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// metrics writes the state of the cluster in Prometheus' text format, version
// 0.0.4: names in base units, counters that end in _total.
func (h *handler) metrics(w http.ResponseWriter, _ *http.Request) {
	r := h.feed.read(h.now())
	m := make(exposition, 0, 4096+256*len(r.workers))

	m.family("ritz_build_info", "gauge", "The version that runs, as a label.")
	m.sample("ritz_build_info", 1, "version", h.version)

	states := map[distributed.State]int{}
	for _, s := range r.jobs {
		states[s.State]++
	}
	m.family("ritz_jobs", "gauge", "Jobs that are remembered, by state.")
	for _, s := range []distributed.State{distributed.Blocked, distributed.Waiting, distributed.Running, distributed.Done, distributed.Failed, distributed.Cancelled} {
		m.sample("ritz_jobs", float64(states[s]), "state", string(s))
	}

	c := r.counters
	for _, counter := range []struct {
		name, help string
		value      uint64
	}{
		{"ritz_jobs_submitted_total", "Jobs submitted.", c.Submitted},
		{"ritz_tasks_done_total", "Tasks that have their result.", c.Done},
		{"ritz_tasks_failed_total", "Tasks given up after their last attempt.", c.Failed},
		{"ritz_attempts_retried_total", "Failed attempts that were followed by another.", c.Retried},
		{"ritz_results_duplicate_total", "Results of tasks that had one already; not counted.", c.Duplicates},
		{"ritz_workers_lost_total", "Workers that fell silent.", c.Lost},
		{"ritz_messages_malformed_total", "Messages that could not be read.", c.Malformed},
		{"ritz_requests_refused_total", "Requests refused for their version, size or names.", c.Refused},
	} {
		m.family(counter.name, "counter", counter.help)
		m.sample(counter.name, float64(counter.value))
	}
	for _, gauge := range []struct {
		name, help string
		value      float64
	}{
		{"ritz_tasks_queued", "Tasks neither running nor ended.", float64(c.Queued)},
		{"ritz_tasks_running", "Tasks that run.", float64(c.Running)},
		{"ritz_slots", "Tasks that the workers can run at a time.", float64(c.Slots)},
		{"ritz_store_bytes", "Size of the durable store.", float64(c.StoreBytes)},
	} {
		m.family(gauge.name, "gauge", gauge.help)
		m.sample(gauge.name, gauge.value)
	}

	m.family("ritz_job_tasks", "gauge", "Tasks of the jobs that have not ended, by state.")
	for _, s := range r.jobs {
		if s.State.Ended() {
			continue
		}
		for _, part := range []struct {
			state string
			n     int
		}{{"waiting", waiting(s)}, {"running", s.Running}, {"done", s.Done}, {"failed", s.Failed}} {
			m.sample("ritz_job_tasks", float64(part.n), "job", s.ID, "name", s.Name, "state", part.state)
		}
	}
	m.family("ritz_job_best", "gauge", "The best measure of the jobs that have not ended.")
	for _, s := range r.jobs {
		if !s.State.Ended() && s.Best != nil && s.Best.Measure != nil {
			m.sample("ritz_job_best", *s.Best.Measure, "job", s.ID, "name", s.Name)
		}
	}
	m.workers(r.workers)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(m)
}

func (m *exposition) workers(workers []distributed.WorkerStatus) {
	states := map[string]int{}
	for _, s := range workers {
		states[s.State]++
	}
	m.family("ritz_workers", "gauge", "Workers, by state.")
	for _, s := range []string{"idle", "busy", "draining", "lost"} {
		m.sample("ritz_workers", float64(states[s]), "state", s)
	}
	for _, gauge := range []struct {
		name, help string
		value      func(distributed.WorkerStatus) float64
	}{
		{"ritz_worker_slots_busy", "Slots of a worker that are at work.", func(s distributed.WorkerStatus) float64 { return float64(s.SlotsBusy()) }},
		{"ritz_worker_cpu_cores", "Cores that a worker and its children use.", func(s distributed.WorkerStatus) float64 { return s.CPU }},
		{"ritz_worker_resident_memory_bytes", "Resident memory of a worker and its children.", func(s distributed.WorkerStatus) float64 { return float64(s.RSS) }},
		{"ritz_worker_memory_limit_bytes", "Memory that a worker may use; 0 if none is stated.", func(s distributed.WorkerStatus) float64 { return float64(s.Memory) }},
	} {
		m.family(gauge.name, "gauge", gauge.help)
		for _, s := range workers {
			if s.State != "lost" {
				m.sample(gauge.name, gauge.value(s), "worker", s.ID, "host", s.Host)
			}
		}
	}
}

// waiting is how many tasks of a job are neither running nor ended.
func waiting(s distributed.Status) int { return max(0, s.Tasks-s.Done-s.Failed-s.Running) }

// exposition is text in Prometheus' format as it grows.
type exposition []byte

func (m *exposition) family(name, kind, help string) {
	*m = append(*m, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+kind+"\n"...)
}

// A label's value escapes backslash, quote and newline, and is valid UTF-8.
var labelValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (m *exposition) sample(name string, value float64, labels ...string) {
	b := append(*m, name...)
	for i := 0; i < len(labels); i += 2 {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		b = append(b, separator)
		b = append(b, labels[i]...)
		b = append(b, `="`...)
		b = append(b, labelValue.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD"))...)
		b = append(b, '"')
	}
	if len(labels) > 0 {
		b = append(b, '}')
	}
	b = append(b, ' ')
	b = strconv.AppendFloat(b, value, 'g', -1, 64) // NaN, +Inf and -Inf are what the format calls them
	*m = append(b, '\n')
}
