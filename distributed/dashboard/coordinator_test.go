package dashboard

import (
	"context"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/browser"
)

var _ Source = (*distributed.Coordinator)(nil)

// From a coordinator and a worker to the page and back.
func TestPageOfACoordinator(t *testing.T) {
	ctx := open(t)
	coordinator, err := distributed.NewCoordinator(distributed.CoordinatorSettings{Store: t.TempDir(), Listen: "127.0.0.1:0", Token: testToken})
	require.NoError(t, err)
	connect := distributed.ConnectSettings{URL: coordinator.URL(), Token: testToken}
	gate := make(chan struct{})
	worker, err := distributed.NewWorker(distributed.WorkerSettings{
		Connect: connect, ID: "w1", Slots: 2, Labels: map[string]string{"here": "1"}, Dir: t.TempDir(),
		Kinds: map[string]distributed.Handler{"parabola": func(ctx context.Context, a *distributed.Attempt) (distributed.Result, error) {
			x, err := strconv.ParseFloat(string(a.Data), 64)
			if err != nil {
				return distributed.Result{}, &distributed.ProcessError{Reason: "not a number", ExitCode: 3, Stderr: "cannot read <b>" + string(a.Data) + "</b>\n"}
			}
			if x > 20 {
				select {
				case <-gate:
				case <-ctx.Done():
					return distributed.Result{}, ctx.Err()
				}
			}
			y := (x - 17) * (x - 17)
			return distributed.Result{Measure: &y}, nil
		}},
	})
	require.NoError(t, err)
	stop, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- coordinator.Run(stop) }()
	working, rest := context.WithCancel(stop)
	go func() { ended <- worker.Run(working) }()
	t.Cleanup(func() {
		rest()
		require.NoError(t, <-ended)
		cancel()
		require.NoError(t, <-ended)
	})

	client, err := distributed.Connect(t.Context(), connect)
	require.NoError(t, err)
	defer client.Close()
	job := distributed.Job{ID: "p", Name: "a parabola", Kind: "parabola", Minimize: true, Attempts: 1, Tasks: []distributed.Task{{Data: []byte("seven")}}}
	for i := range 40 {
		job.Tasks = append(job.Tasks, distributed.Task{Data: []byte(strconv.Itoa(i))})
	}
	_, err = client.Submit(t.Context(), job)
	require.NoError(t, err)
	_, err = client.Submit(t.Context(), distributed.Job{ID: "q", Kind: "parabola", Requires: map[string]string{"elsewhere": "1"}, Tasks: job.Tasks})
	require.NoError(t, err)

	browser.Do(t, ctx, chromedp.Navigate(serve(t, coordinator, testToken)+"/?token="+testToken))
	see(t, ctx, `document.getElementById('job-p')?.closest('tr').innerText.includes('running') === true`)
	see(t, ctx, `document.getElementById('job-q').closest('tr').innerText.includes('no worker offers elsewhere=1')`)
	close(gate)
	see(t, ctx, `document.getElementById('job-p').closest('tr').innerText.includes('40 of 41')`)
	see(t, ctx, `document.getElementById('failures').innerText.includes('not a number') && document.getElementById('failures').innerText.includes('exit code 3') && document.querySelector('#failures pre').textContent.includes('<b>seven</b>')`)
	see(t, ctx, `document.querySelector('#best .caption').innerText.includes('smallest, task 18 on w1')`)
	see(t, ctx, `document.querySelector('#workers tbody tr').innerText.includes('here=1')`)
	see(t, ctx, `document.getElementById('timeline-canvas').getAttribute('aria-label').includes('2 slots shown') && /[1-9]\d* failed tasks/.test(document.getElementById('timeline-canvas').getAttribute('aria-label'))`)

	see(t, ctx, `(() => { const b = document.getElementById('job-q').closest('tr').querySelector('.actions button'); b.click(); b.click(); return true; })()`)
	see(t, ctx, `document.getElementById('job-q').closest('tr').innerText.includes('cancelled')`)
	status, err := client.Wait(t.Context(), "q")
	require.NoError(t, err)
	require.Equal(t, distributed.Cancelled, status.State)
}
