package dashboard

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

var (
	metricName = regexp.MustCompile(`^ritz_[a-z]+(_[a-z]+)*$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)`)
	unescape   = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")
)

// sampleOf is one line, parsed.
type sampleOf struct {
	labels map[string]string
	value  float64
}

// parse reads Prometheus' text format strictly: each family has one HELP and
// one TYPE line, before its samples, which stand together; no sample twice;
// counters end in _total and gauges do not.
func parse(t *testing.T, text string) map[string][]sampleOf {
	t.Helper()
	require.True(t, strings.HasSuffix(text, "\n"))
	families := map[string][]sampleOf{}
	kinds, seen := map[string]string{}, map[string]bool{}
	helped, current := "", ""
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "# HELP "):
			name, help, found := strings.Cut(strings.TrimPrefix(line, "# HELP "), " ")
			require.True(t, found && help != "", line)
			require.Regexp(t, metricName, name)
			require.NotContains(t, kinds, name, "a family stands together")
			helped = name
		case strings.HasPrefix(line, "# TYPE "):
			name, kind, _ := strings.Cut(strings.TrimPrefix(line, "# TYPE "), " ")
			require.Equal(t, helped, name)
			require.Contains(t, []string{"gauge", "counter"}, kind)
			require.Equal(t, kind == "counter", strings.HasSuffix(name, "_total"), name)
			kinds[name], current = kind, name
		default:
			m := sampleLine.FindStringSubmatch(line)
			require.NotNil(t, m, "not a sample: %q", line)
			require.Equal(t, current, m[1])
			require.False(t, seen[m[1]+"{"+m[2]+"}"], "twice: %s", line)
			seen[m[1]+"{"+m[2]+"}"] = true
			s := sampleOf{labels: map[string]string{}}
			for rest := m[2]; rest != ""; {
				pair := labelPair.FindStringSubmatch(rest)
				require.NotNil(t, pair, "not a label: %q", rest)
				s.labels[pair[1]] = unescape.Replace(pair[2])
				rest = rest[len(pair[0]):]
			}
			var err error
			s.value, err = strconv.ParseFloat(m[3], 64)
			require.NoError(t, err, line)
			if kinds[current] == "counter" {
				require.GreaterOrEqual(t, s.value, 0.0)
			}
			families[current] = append(families[current], s)
		}
	}
	return families
}

func TestMetrics(t *testing.T) {
	f := scene(time.Now())
	f.counters = distributed.Counters{Submitted: 9, Done: 123456, Failed: 7, Retried: 8, Duplicates: 2, Lost: 1, Malformed: 3, Refused: 4, Queued: 40, Running: 20, Workers: 6, Slots: 24, StoreBytes: 1 << 40}
	w := request(f, "", "GET", "/metrics")
	assert.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
	m := parse(t, w.Body.String())

	value := func(name string, labels ...string) float64 {
		for _, s := range m[name] {
			fits := true
			for i := 0; i < len(labels); i += 2 {
				fits = fits && s.labels[labels[i]] == labels[i+1]
			}
			if fits {
				return s.value
			}
		}
		t.Errorf("no sample %s %v", name, labels)
		return math.NaN()
	}
	assert.Equal(t, 1.0, value("ritz_build_info", "version", "v0.1.0"))
	assert.Equal(t, 2.0, value("ritz_jobs", "state", "running"))
	assert.Equal(t, 0.0, value("ritz_jobs", "state", "blocked"))
	assert.Equal(t, 9.0, value("ritz_jobs_submitted_total"))
	assert.Equal(t, 123456.0, value("ritz_tasks_done_total"))
	assert.Equal(t, 7.0, value("ritz_tasks_failed_total"))
	assert.Equal(t, 1.0, value("ritz_workers_lost_total"))
	assert.Equal(t, float64(uint64(1)<<40), value("ritz_store_bytes"))
	assert.Equal(t, 128.0, value("ritz_job_tasks", "job", "burgers-19c2", "state", "waiting"))
	assert.Equal(t, 3310.0, value("ritz_job_tasks", "job", "lorenz-7f3a", "state", "done"))
	assert.InDelta(t, *f.jobs[0].Best.Measure, value("ritz_job_best", "job", "burgers-19c2"), 0)
	assert.Equal(t, 1.0, value("ritz_workers", "state", "lost"))
	assert.Len(t, m["ritz_worker_cpu_cores"], 5, "of the workers that are there")
	assert.Equal(t, float64(f.workers[0].RSS), value("ritz_worker_resident_memory_bytes", "worker", "node01"))
}

// Names that people and tasks choose come back from the text as they were.
func TestMetricsEscape(t *testing.T) {
	hostile := "a\"b\\c\nd{e=\"f\"} 1\n# TYPE x counter"
	measure := math.Inf(-1)
	f := &fake{jobs: []distributed.Status{
		{ID: "j", Name: hostile, State: distributed.Running, Tasks: 1, Best: &distributed.Result{Measure: &measure}},
		{ID: "k", Name: "\xff\xfe", State: distributed.Running, Tasks: 1},
	}}
	m := parse(t, request(f, "", "GET", "/metrics").Body.String())
	require.Len(t, m["ritz_job_tasks"], 8)
	assert.Equal(t, hostile, m["ritz_job_tasks"][0].labels["name"])
	assert.Equal(t, "\uFFFD", m["ritz_job_tasks"][4].labels["name"])
	assert.Equal(t, measure, m["ritz_job_best"][0].value)
}
