package dashboard

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/browser"
)

func TestPageFollows(t *testing.T) {
	ctx := open(t)
	f := scene(time.Now())
	browser.Do(t, ctx, chromedp.Navigate(serve(t, f, "")))
	see(t, ctx, `document.getElementById('live').textContent === 'live'`)
	see(t, ctx, `document.getElementById('job-burgers-19c2').closest('tr').querySelector('[role=progressbar]').getAttribute('aria-valuenow') === '59'`)
	see(t, ctx, `document.getElementById('job-burgers-19c2').closest('tr').innerText.includes('214 of 360')`)

	f.change(func(f *fake) {
		f.jobs[0].Done, f.jobs[0].Running, f.jobs[0].ETA = 330, 12, 100*time.Second
		f.jobs[2].State, f.jobs[2].Why, f.jobs[2].Running = distributed.Running, "", 1
		f.workers[0].CPU = 2.5
		better := distributed.Improvement{Task: 299, Measure: 0.00042, Time: time.Now()}
		f.jobs[0].Improvements = append(f.jobs[0].Improvements, better)
		f.jobs[0].Best = &distributed.Result{Task: 299, Measure: &better.Measure, Worker: "node03"}
	})
	see(t, ctx, `document.getElementById('job-burgers-19c2').closest('tr').querySelector('[role=progressbar]').getAttribute('aria-valuenow') === '91'`)
	see(t, ctx, `document.getElementById('job-burgers-19c2').closest('tr').innerText.includes('17 / min')`)
	see(t, ctx, `document.title.startsWith('81 %')`)
	see(t, ctx, `!document.getElementById('jobs').innerText.includes('no worker offers')`)
	see(t, ctx, `document.querySelector('#workers tbody tr').innerText.includes('2.5')`)
	see(t, ctx, `document.querySelector('#best .caption').innerText.includes('4.200e-4')`)
	see(t, ctx, `document.querySelector('#best svg title').textContent.startsWith('Smallest')`)

	// A span that comes late changes a lane from there on; what the page had of
	// it is replaced, not drawn twice.
	const failedInView = `Number(document.getElementById('timeline-canvas').getAttribute('aria-label').match(/(\d+) failed tasks/)[1])`
	evaluate[bool](t, ctx, `(() => { const s = document.getElementById('seconds'); s.value = '900'; return s.dispatchEvent(new Event('change')); })()`)
	failed := 0
	f.change(func(f *fake) {
		for _, s := range f.spans {
			if s.Failed {
				failed++
			}
		}
	})
	require.Positive(t, failed)
	see(t, ctx, fmt.Sprintf(failedInView+` === %d`, failed))
	f.change(func(f *fake) {
		i := slices.IndexFunc(f.spans, func(s distributed.Span) bool { return s.Failed && s.Start.After(time.Now().Add(-4*time.Minute)) })
		late := f.spans[i]
		late.Task, late.Start, late.End = 999, late.Start.Add(-50*time.Second), late.Start.Add(-45*time.Second)
		f.spans = append(f.spans, late)
	})
	see(t, ctx, fmt.Sprintf(failedInView+` !== %d`, failed))
	require.Equal(t, failed+1, evaluate[int](t, ctx, failedInView))

	// A job chosen by keyboard: its failures alone, and back.
	browser.Do(t, ctx, chromedp.Focus(chromedp.CSS("#job-lorenz-7f3a")), chromedp.KeyEvent(kb.Enter))
	see(t, ctx, `document.querySelectorAll('#failures li').length === 0 && !document.getElementById('failures-none').hidden`)
	see(t, ctx, `document.activeElement.id === 'job-lorenz-7f3a' && document.activeElement.getAttribute('aria-pressed') === 'true'`)
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#chosen button")))
	see(t, ctx, `document.querySelectorAll('#failures li').length === 3`)

	// The task stream, by keyboard and by pointer.
	browser.Do(t, ctx, chromedp.Focus(chromedp.CSS("#timeline-canvas")), chromedp.KeyEvent(kb.ArrowDown))
	see(t, ctx, `/task \d+/.test(document.getElementById('timeline-said').textContent)`)
	first := evaluate[string](t, ctx, `document.getElementById('timeline-said').textContent`)
	browser.Do(t, ctx, chromedp.KeyEvent(kb.ArrowLeft))
	see(t, ctx, fmt.Sprintf(`document.getElementById('timeline-said').textContent !== %q`, first))
	browser.Do(t, ctx, chromedp.KeyEvent(kb.Escape))
	see(t, ctx, `document.getElementById('timeline-tip').hidden`)
	evaluate[bool](t, ctx, `(() => { const c = document.getElementById('timeline-canvas'), b = c.getBoundingClientRect(); c.dispatchEvent(new PointerEvent('pointermove', {clientX: b.left + 0.9 * b.width, clientY: b.top + 65, bubbles: true})); return true; })()`)
	see(t, ctx, `!document.getElementById('timeline-tip').hidden && document.getElementById('timeline-tip').innerText.includes('Burgers')`)
}

func TestPageFailures(t *testing.T) {
	ctx := open(t)
	f := scene(time.Now())
	browser.Do(t, ctx, chromedp.Navigate(serve(t, f, "")))
	see(t, ctx, `document.querySelectorAll('#failures li').length === 3`)
	long := strings.Repeat("frame of a traceback\n", 190) + "ZeroDivisionError: the last line"
	f.change(func(f *fake) {
		f.failures = append(f.failures, distributed.Failure{Job: "lorenz-7f3a", Task: 77, Attempt: 3, Worker: "node02", Reason: "exited", ExitCode: 42, Stderr: "THE FIRST LINE\n" + long, Time: time.Now(), Final: true})
		f.jobs[1].Failed = 1
	})
	see(t, ctx, `document.querySelectorAll('#failures li').length === 4`)
	see(t, ctx, `document.querySelector('#failures li summary').innerText.includes('exit code 42')`)
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#failures li:first-child summary")))
	see(t, ctx, `document.querySelector('#failures li pre').innerText.includes('ZeroDivisionError: the last line')`)
	see(t, ctx, `document.querySelector('#failures li details').open && document.querySelector('#failures li p').innerText.includes('task 77, attempt 3, on node02')`)
	require.False(t, evaluate[bool](t, ctx, `document.querySelector('#failures li pre').innerText.includes('THE FIRST LINE')`), "the stream has the tail")
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#failures li:first-child details > button")))
	see(t, ctx, `document.querySelector('#failures li pre').innerText.includes('THE FIRST LINE')`)
	see(t, ctx, `document.getElementById('failures').innerText.includes('signal SIGKILL')`)
}

func TestPageActs(t *testing.T) {
	ctx := open(t)
	f := scene(time.Now())
	cancelled := make(chan string, 4)
	f.onCancel = func(id string) { cancelled <- id }
	browser.Do(t, ctx, chromedp.Navigate(serve(t, f, testToken)+"/?token="+testToken))
	button := func(job, label string) string {
		return fmt.Sprintf(`[...document.getElementById('job-%s').closest('tr').querySelectorAll('.actions button:not([hidden])')].find(b => b.innerText === %q)`, job, label)
	}
	click := func(job, label string) {
		see(t, ctx, button(job, label)+` !== undefined`)
		evaluate[bool](t, ctx, button(job, label)+`.click() === undefined`)
	}
	see(t, ctx, `document.querySelectorAll('#jobs tbody tr').length === 4`)
	click("lorenz-7f3a", "Cancel")
	f.change(func(f *fake) { assert.Empty(t, f.cancelled, "it asks first") })
	click("lorenz-7f3a", "Cancel it?")
	select {
	case id := <-cancelled:
		assert.Equal(t, "lorenz-7f3a", id)
	case <-time.After(20 * time.Second):
		t.Fatal("the button did not call Source.Cancel")
	}
	see(t, ctx, `document.getElementById('done-what').innerText.includes('is cancelled')`)
	see(t, ctx, `document.getElementById('job-lorenz-7f3a').closest('tr').innerText.includes('cancelled · function')`)

	click("burgers-19c2", "Retry failed")
	see(t, ctx, `document.getElementById('done-what').innerText.includes('3 failed tasks')`)
	f.change(func(f *fake) {
		assert.Equal(t, []string{"burgers-19c2"}, f.retried)
		f.retried = nil
		f.jobs[3].State, f.jobs[3].Failed, f.refuse = distributed.Failed, 1, "the job was changed since"
	})

	// What the source refuses is told.
	click("ishigami-b51e", "Retry failed")
	see(t, ctx, `document.querySelector('#done-what.bad')?.innerText.includes('was changed since') === true`)
}

// At 1,000 workers and 100,000 tasks the page goes on following, turns its
// pages and searches.
func TestPageOfACrowd(t *testing.T) {
	ctx := open(t)
	f := crowd(time.Now())
	browser.Do(t, ctx, chromedp.Navigate(serve(t, f, "")))
	see(t, ctx, `document.querySelectorAll('#workers tbody tr').length === 25 && document.querySelectorAll('#jobs tbody tr').length === 20`)
	see(t, ctx, `document.getElementById('lanes-pager').innerText.includes('of 4,000')`)
	for i := range 5 {
		f.change(func(f *fake) { f.jobs[0].Done = 70000 + i })
		see(t, ctx, fmt.Sprintf(`document.querySelector('#jobs tbody tr').innerText.includes('70,00%d of 100,000')`, i))
	}
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#lanes-pager button:last-child")))
	see(t, ctx, `document.getElementById('lanes-pager').innerText.includes('41 – 80')`)
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#workers-pager button:last-child")))
	see(t, ctx, `document.querySelector('#workers tbody tr').innerText.includes('node26')`)
	browser.Do(t, ctx, chromedp.SendKeys(chromedp.CSS("#filter"), "rack=24"))
	see(t, ctx, `document.getElementById('workers-pager').innerText.includes('of 40') && document.querySelector('#workers tbody tr').innerText.includes('node961')`)
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#workers tbody tr button.name")))
	see(t, ctx, `document.getElementById('only').innerText.includes('only node961')`)
	see(t, ctx, `document.getElementById('timeline-canvas').getAttribute('aria-label').includes('4 slots shown')`)
	assert.Less(t, evaluate[int](t, ctx, `document.querySelectorAll('*').length`), 2500, "the page does not grow with the cluster")
}

// Nothing that a task, a worker or a user wrote becomes markup or runs.
func TestPageIsNotFooled(t *testing.T) {
	ctx := open(t)
	const evil = `</pre><script>window.fooled=1</script><img src=x onerror="window.fooled=2"><svg onload=window.fooled=3>`
	now := time.Now()
	measure := 1.0
	f := &fake{
		jobs: []distributed.Status{
			{ID: "evil", Name: evil, Kind: evil, Why: evil, State: distributed.Running, Tasks: 10, Done: 1, Failed: 1, Submitted: now, Started: now, Requires: map[string]string{evil: evil},
				Best: &distributed.Result{Measure: &measure, Worker: evil}},
			{ID: "__proto__", Name: "__proto__", State: distributed.Running, Tasks: 1, Submitted: now.Add(-time.Second)},
			{ID: "constructor", Name: "\u202eoverride\x00\x1b[31m", State: distributed.Waiting, Tasks: 1, Submitted: now},
		},
		workers:  []distributed.WorkerStatus{{ID: evil, Host: evil, Version: evil, State: evil, Slots: 1, Seen: now, Labels: map[string]string{evil: evil}}},
		spans:    []distributed.Span{{Worker: evil, Job: evil, Start: now.Add(-time.Minute), End: now}, {Worker: "__proto__", Job: "__proto__", Start: now.Add(-time.Minute), End: now}},
		failures: []distributed.Failure{{Job: "evil", Worker: evil, Reason: evil, Signal: evil, Stderr: evil + "\n\ndata: {\"now\":1}\n\n" + "\xff\xfe\u2028", Time: now, Final: true}},
	}
	browser.Do(t, ctx, chromedp.Navigate(serve(t, f, "")))
	see(t, ctx, `document.querySelectorAll('#jobs tbody tr').length === 3 && document.querySelectorAll('#failures li').length === 1 && document.querySelectorAll('#workers tbody tr').length === 1`)
	browser.Do(t, ctx, chromedp.Click(chromedp.CSS("#failures summary")), chromedp.Focus(chromedp.CSS("#timeline-canvas")), chromedp.KeyEvent(kb.ArrowDown))
	see(t, ctx, `document.getElementById('timeline-said').textContent.includes('<script>') || document.getElementById('timeline-said').textContent.includes('__proto__')`)
	see(t, ctx, `document.querySelector('#failures pre').textContent.includes('</pre><script>window.fooled=1</script>')`)
	see(t, ctx, `document.querySelector('#jobs').textContent.includes('<img src=x')`)
	// Two more events, so that every update has run as well.
	f.change(func(f *fake) { f.jobs[0].Done = 5 })
	see(t, ctx, `document.querySelector('#jobs').textContent.includes('5 of 10')`)
	assert.True(t, evaluate[bool](t, ctx, `window.fooled === undefined`))
	assert.Equal(t, 0, evaluate[int](t, ctx, `document.querySelectorAll('main script, img, svg[onload], [onerror]').length`))
}

func TestPageToken(t *testing.T) {
	ctx := open(t)
	url := serve(t, scene(time.Now()), testToken)
	const shown = `!document.getElementById('page').hidden && document.querySelectorAll('#jobs tbody tr').length === 4`
	const denied = `!document.getElementById('denied').hidden && document.getElementById('page').hidden && document.getElementById('denied').innerText.includes('?token=')`
	browser.Do(t, ctx, chromedp.Navigate(url))
	see(t, ctx, denied)
	browser.Do(t, ctx, chromedp.Navigate(url+"/?token=guess"))
	see(t, ctx, denied)
	see(t, ctx, `document.getElementById('denied-why').innerText.includes('not the right one')`)
	browser.Do(t, ctx, chromedp.SendKeys(chromedp.CSS("#token"), testToken), chromedp.Click(chromedp.CSS("#token-form button")))
	see(t, ctx, shown)

	evaluate[bool](t, ctx, `sessionStorage.clear() === undefined`)
	browser.Do(t, ctx, chromedp.Navigate(url+"/?token="+testToken))
	see(t, ctx, shown)
	assert.Equal(t, url+"/", evaluate[string](t, ctx, `location.href`), "the token leaves the address")
	assert.Empty(t, evaluate[string](t, ctx, `document.cookie`))
	browser.Do(t, ctx, chromedp.Reload())
	see(t, ctx, shown)
}

// A coordinator that goes away and comes back finds the page waiting.
func TestPageComesBack(t *testing.T) {
	ctx := open(t)
	f := scene(time.Now())
	listen := func(address string) (*http.Server, string) {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		server := &http.Server{Handler: Handler(f, Settings{})}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })
		return server, listener.Addr().String()
	}
	server, address := listen("127.0.0.1:0")
	browser.Do(t, ctx, chromedp.Navigate("http://"+address))
	see(t, ctx, `document.querySelectorAll('#jobs tbody tr').length === 4 && document.getElementById('live').textContent === 'live'`)
	require.NoError(t, server.Close())
	see(t, ctx, `document.getElementById('live').textContent.startsWith('no connection')`)
	f.change(func(f *fake) { f.jobs[0].Done = 359 })
	listen(address)
	see(t, ctx, `document.getElementById('live').textContent === 'live' && document.querySelector('#jobs').innerText.includes('359 of 360')`)
	see(t, ctx, `document.getElementById('timeline-canvas').getAttribute('aria-label').includes('24 slots shown')`)
}

// What a screen reader and a keyboard need.
func TestPageIsAccessible(t *testing.T) {
	ctx := open(t)
	browser.Do(t, ctx, chromedp.Navigate(serve(t, scene(time.Now()), "")))
	see(t, ctx, `document.querySelectorAll('#jobs tbody tr').length === 4 && document.querySelectorAll('#best svg').length === 1`)
	for what, wrong := range map[string]string{
		"one h1":                         `document.querySelectorAll('h1').length === 1 ? [] : ['h1']`,
		"sections are named":             `[...document.querySelectorAll('section')].filter(s => !document.getElementById(s.getAttribute('aria-labelledby'))).map(s => s.id)`,
		"tables have headers":            `[...document.querySelectorAll('table')].filter(t => [...t.querySelectorAll('thead th')].some(h => h.scope !== 'col' || !h.textContent)).map(t => t.id)`,
		"rows have headers":              `[...document.querySelectorAll('tbody tr')].filter(r => r.querySelectorAll('th[scope=row]').length !== 1).map(r => r.innerText)`,
		"buttons say what they do":       `[...document.querySelectorAll('button')].filter(b => !b.innerText && !b.getAttribute('aria-label') && !b.hidden && !b.closest('[hidden]') && b.checkVisibility()).map(b => b.outerHTML)`,
		"fields have labels":             `[...document.querySelectorAll('input, select')].filter(i => !i.labels.length).map(i => i.id)`,
		"pictures have names":            `[...document.querySelectorAll('canvas, svg')].filter(c => !(c.getAttribute('aria-label') || c.querySelector('title')?.textContent)).map(c => c.id)`,
		"ids are unique":                 `[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`,
		"what is announced is not noisy": `[...document.querySelectorAll('[role=status], [aria-live]')].filter(e => e.textContent.length > 80).map(e => e.id)`,
	} {
		assert.Empty(t, evaluate[[]string](t, ctx, wrong), what)
	}
}
