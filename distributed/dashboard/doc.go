// Package dashboard shows a cluster in a browser: jobs with their progress, a
// stream of tasks with a row a slot, workers, failures with what was written
// to the error output, and the best result so far. Prometheus and programs get
// the same numbers. Everything is in the binary; the page loads nothing from
// elsewhere.
//
//	handler := dashboard.Handler(coordinator, dashboard.Settings{Token: token, Version: version})
//	err := http.ListenAndServe("127.0.0.1:8321", handler)
//
// # Addresses
//
//	GET  /                         the page; /?token=TOKEN once hands it the token
//	GET  /health                   "ok"; needs no token
//	GET  /metrics                  Prometheus' text format, version 0.0.4
//	GET  /api/jobs                 a list of distributed.Status: jobs not ended; ?all=1: all remembered
//	GET  /api/jobs/ID              one distributed.Status, with Improvements, which the list leaves out
//	GET  /api/jobs/ID/failures     a list of distributed.Failure: the newest 100; ?limit=N: up to 10,000
//	GET  /api/workers              a list of distributed.WorkerStatus
//	POST /api/jobs/ID/cancel       {"cancelled": ID}
//	POST /api/jobs/ID/retry        {"retried": N}: so many failed tasks are queued again
//	GET  /api/events               what the page follows, as server-sent events
//
// Answers are JSON; durations in them are nanoseconds, as in Go. Errors are
// {"error": TEXT} with status 400 (a bad parameter), 401 (no token, or a wrong
// one), 403 (see below), 404 (no such job), 409 (the job's state does not
// allow it) or 503 (too many pages watch).
//
// # Who may look
//
// All but the page itself, which holds no data, and /health asks for
// "Authorization: Bearer TOKEN". The page takes the token from its own address
// once, keeps it in the tab's session storage and removes it from the address
// bar. There are no cookies, so a foreign page cannot act in a reader's name.
// Without a token only requests to localhost or a loopback address are
// answered, which DNS rebinding cannot fake, and POST wants the header
// "Ritz-Request: 1", which a form cannot send. TLS is the caller's: wrap the
// listener.
//
// The Content-Security-Policy allows the page's own scripts and styles alone,
// none of them inline, and the page writes what tasks, workers and people
// named as text, never as markup.
//
// # Events
//
// A page says in the query of /api/events what it shows, and begins a new
// stream when that changes: job (failures and plot of this job), jobs, workers
// and lanes (the first row of each list), sort (name, cpu, memory, state) and
// filter of the workers, worker (the task stream of this one alone), seconds
// (the width of the task stream, 10 to 14,400). At most twice a second an
// event comes, one JSON object: "now" and those of the sections totals, jobs,
// workers, failures, best and timeline that changed.
//
// The size of an event depends on what a page shows and not on the cluster: 20
// jobs, 25 workers, 40 slots, failures grouped by cause. With 1,000 workers
// and 100,000 tasks in the stream the first event is below 128 KiB, and one
// half a second later below 16 KiB. The source is read four times a second at
// most, however many pages watch, and not at all when none does.
//
// In the task stream, tasks shorter than a 240th of the window are summed: one
// bar holds the short tasks that began in the same column, with their number,
// how many failed, and how long they kept the slot busy.
package dashboard
