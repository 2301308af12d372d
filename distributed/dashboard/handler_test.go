package dashboard

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// request sends one to a dashboard of source; headers are name, value pairs.
func request(source Source, token, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8321"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler(source, Settings{Token: token, Version: "v0.1.0"}).ServeHTTP(w, r)
	return w
}

func TestToken(t *testing.T) {
	f := scene(time.Now())
	const good = "Bearer " + testToken
	for _, c := range []struct {
		name, method, target string
		headers              []string
		status               int
	}{
		{"the page needs none", "GET", "/", nil, 200},
		{"nor does its script", "GET", "/dashboard.js", nil, 200},
		{"nor health", "GET", "/health", nil, 200},
		{"the page with the right one", "GET", "/?token=" + testToken, nil, 200},
		{"the page with a wrong one", "GET", "/?token=guess", nil, 401},
		{"data without", "GET", "/api/jobs", nil, 401},
		{"data with it in the address, where logs would keep it", "GET", "/api/jobs?token=" + testToken, nil, 401},
		{"data with a wrong one", "GET", "/api/jobs", []string{"Authorization", "Bearer " + testToken + "x"}, 401},
		{"data with the beginning of it", "GET", "/api/jobs", []string{"Authorization", good[:len(good)-1]}, 401},
		{"data with another scheme", "GET", "/api/jobs", []string{"Authorization", "Basic " + testToken}, 401},
		{"data with a cookie", "GET", "/api/jobs", []string{"Cookie", "token=" + testToken}, 401},
		{"data with it", "GET", "/api/jobs", []string{"Authorization", good}, 200},
		{"from elsewhere with it", "GET", "/api/jobs", []string{"Authorization", good, "Host", "cluster.example"}, 200},
		{"workers without", "GET", "/api/workers", nil, 401},
		{"metrics without", "GET", "/metrics", nil, 401},
		{"metrics with it", "GET", "/metrics", []string{"Authorization", "bearer " + testToken}, 200},
		{"events without", "GET", "/api/events", nil, 401},
		{"cancel without", "POST", "/api/jobs/burgers-19c2/cancel", []string{"Ritz-Request", "1"}, 401},
		{"retry without", "POST", "/api/jobs/burgers-19c2/retry", nil, 401},
		{"what is not there, without", "GET", "/api/nothing", nil, 401},
	} {
		w := request(f, testToken, c.method, c.target, c.headers...)
		assert.Equal(t, c.status, w.Code, c.name)
		if w.Code == 401 && strings.HasPrefix(c.target, "/api") {
			assert.Contains(t, w.Body.String(), "?token=", "%s: the answer says where the token is", c.name)
			assert.NotContains(t, w.Body.String(), testToken, c.name)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
		}
	}
	assert.Empty(t, f.cancelled)
	assert.Empty(t, f.retried)
}

// Without a token a name that points here from outside is refused, and so is
// a form on a foreign page.
func TestWithoutToken(t *testing.T) {
	f := scene(time.Now())
	for _, c := range []struct {
		name, method, target, host, header string
		status                             int
	}{
		{"localhost", "GET", "/api/jobs", "localhost:8321", "", 200},
		{"loopback", "GET", "/api/jobs", "127.0.0.1", "", 200},
		{"loopback of IPv6", "GET", "/api/jobs", "[::1]:8321", "", 200},
		{"another name for this machine", "GET", "/api/jobs", "rebound.example:8321", "", 403},
		{"a name that begins like it", "GET", "/", "localhost.example", "", 403},
		{"another address", "GET", "/metrics", "192.0.2.7", "", 403},
		{"no name", "GET", "/", "", "", 403},
		{"a form's POST", "POST", "/api/jobs/burgers-19c2/cancel", "localhost", "", 403},
		{"the page's POST", "POST", "/api/jobs/burgers-19c2/cancel", "localhost", "1", 200},
	} {
		headers := []string{"Host", c.host}
		if c.header != "" {
			headers = append(headers, "Ritz-Request", c.header)
		}
		assert.Equal(t, c.status, request(f, "", c.method, c.target, headers...).Code, c.name)
	}
	assert.Equal(t, []string{"burgers-19c2"}, f.cancelled)
}

func TestSecurityHeaders(t *testing.T) {
	for _, target := range []string{"/", "/dashboard.js", "/api/jobs", "/metrics", "/health", "/nothing"} {
		header := request(scene(time.Now()), "", "GET", target).Header()
		policy := header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", target)
		assert.NotContains(t, policy, "unsafe", target)
		assert.Contains(t, policy, "frame-ancestors 'none'", target)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), target)
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"), target)
		assert.NotEmpty(t, header.Get("Cache-Control"), target)
		assert.Empty(t, header.Get("Access-Control-Allow-Origin"), target)
	}
}

// The page asks for nothing from elsewhere and has no inline script or style.
func TestPageIsSelfContained(t *testing.T) {
	for name := range assets {
		data, err := page.ReadFile("page/" + name)
		require.NoError(t, err)
		text := strings.ReplaceAll(string(data), "http://www.w3.org/2000/svg", "")
		assert.NotContains(t, text, "http://", name)
		assert.NotContains(t, text, "https://", name)
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "onclick=\"", "style=\"", "<style"} {
			assert.NotContains(t, text, sink, name)
		}
	}
	entries, err := page.ReadDir("page")
	require.NoError(t, err)
	assert.Len(t, entries, len(assets), "every file of the page is served")
}

func TestAPI(t *testing.T) {
	now := time.Now()
	f := scene(now)
	get := func(target string, to any) int {
		w := request(f, "", "GET", target)
		if to != nil {
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), to), target)
		}
		return w.Code
	}
	var jobs []distributed.Status
	require.Equal(t, 200, get("/api/jobs", &jobs))
	require.Len(t, jobs, 3, "those not ended")
	assert.Equal(t, []string{"burgers-19c2", "lorenz-7f3a", "lens-02d8"}, []string{jobs[0].ID, jobs[1].ID, jobs[2].ID}, "the newest first, running before waiting")
	assert.Empty(t, jobs[1].Improvements)
	require.Equal(t, 200, get("/api/jobs?all=1", &jobs))
	require.Len(t, jobs, 4)

	var job distributed.Status
	require.Equal(t, 200, get("/api/jobs/burgers-19c2", &job))
	assert.Equal(t, 214, job.Done)
	assert.Equal(t, len(f.jobs[0].Improvements), len(job.Improvements))
	assert.NotZero(t, len(job.Improvements))
	assert.Equal(t, 404, get("/api/jobs/nobody", nil))

	var failures []distributed.Failure
	require.Equal(t, 200, get("/api/jobs/burgers-19c2/failures", &failures))
	assert.Equal(t, len(f.failures), len(failures))
	require.Equal(t, 200, get("/api/jobs/burgers-19c2/failures?limit=2", &failures))
	assert.Len(t, failures, 2)
	require.Equal(t, 200, get("/api/jobs/lorenz-7f3a/failures", &failures))
	assert.NotNil(t, failures, "an empty list, not null")
	for _, bad := range []string{"0", "-1", "many", "10001"} {
		assert.Equal(t, 400, get("/api/jobs/burgers-19c2/failures?limit="+bad, nil), bad)
	}
	assert.Equal(t, 404, get("/api/jobs/nobody/failures", nil))

	var workers []distributed.WorkerStatus
	require.Equal(t, 200, get("/api/workers", &workers))
	require.Len(t, workers, 6)
	assert.Equal(t, "node01", workers[0].ID)

	for _, c := range []struct {
		target string
		status int
		says   string
	}{
		{"/api/jobs/burgers-19c2/retry", 200, `"retried":3`},
		{"/api/jobs/lorenz-7f3a/retry", 409, "no failed tasks"},
		{"/api/jobs/nobody/retry", 404, "no such job"},
		{"/api/jobs/lorenz-7f3a/cancel", 200, `"cancelled":"lorenz-7f3a"`},
		{"/api/jobs/nobody/cancel", 404, "no such job"},
	} {
		w := request(f, "", "POST", c.target, "Ritz-Request", "1")
		assert.Equal(t, c.status, w.Code, c.target)
		assert.Contains(t, w.Body.String(), c.says, c.target)
	}
	assert.Equal(t, []string{"lorenz-7f3a"}, f.cancelled)
	assert.Equal(t, 405, request(f, "", "GET", "/api/jobs/lorenz-7f3a/cancel").Code, "a link cancels nothing")
	assert.Equal(t, 405, request(f, "", "POST", "/api/jobs", "Ritz-Request", "1").Code)
	assert.Equal(t, "ok\n", request(f, "", "GET", "/health").Body.String())

	nothing := &fake{}
	assert.Equal(t, "[]\n", request(nothing, "", "GET", "/api/jobs").Body.String())
	assert.Equal(t, "[]\n", request(nothing, "", "GET", "/api/workers").Body.String())
}

func TestEventsRefuse(t *testing.T) {
	for _, query := range []string{"seconds=9", "seconds=99999999", "seconds=x", "lanes=-1", "jobs=1e3", "workers=99999999999", "sort=colour"} {
		w := request(&fake{}, "", "GET", "/api/events?"+query)
		assert.Equal(t, 400, w.Code, query)
		name, value, _ := strings.Cut(query, "=")
		assert.Contains(t, w.Body.String(), name, query)
		assert.Contains(t, w.Body.String(), value, query)
	}
	h := newHandler(&fake{}, Settings{})
	for range openStreams {
		h.streams <- struct{}{}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/api/events", nil)
	r.Host = "localhost"
	h.routes().ServeHTTP(w, r)
	assert.Equal(t, 503, w.Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
}

// However many pages watch, the source is read once a moment; when none
// watches, not at all; and a page that goes away gives its place back.
func TestFeedIsShared(t *testing.T) {
	f := scene(time.Now())
	h := newHandler(f, Settings{})
	now := time.Now()
	h.now = func() time.Time { return now }
	h.period = time.Hour
	server := httptest.NewServer(h.routes())
	defer server.Close()
	var open []io.Closer
	for range 10 {
		response, err := http.Get(server.URL + "/api/events")
		require.NoError(t, err)
		line := make([]byte, 6)
		_, err = io.ReadFull(response.Body, line)
		require.NoError(t, err)
		require.Equal(t, "data: ", string(line))
		open = append(open, response.Body)
	}
	f.change(func(f *fake) {
		assert.Equal(t, 1, f.jobsAsked)
		assert.Equal(t, 1, f.spansAsked)
	})
	for _, body := range open {
		require.NoError(t, body.Close())
	}
	require.Eventually(t, func() bool { return len(h.streams) == 0 }, 10*time.Second, 5*time.Millisecond)
}
