// Package distributed spreads tasks over many machines, and loses none of them when machines die.
//
// A [Coordinator] keeps jobs, tasks and results in NATS JetStream: in a server of its own, embedded, or in an external
// one. A [Worker] takes tasks and runs them: registered Go functions, external commands, and what kinds its program adds.
// A [Client] submits jobs and reads results. Workers and clients only ever connect outward, to the coordinator, also
// through WebSocket.
//
//	func main() {
//		distributed.Register("square", square) // func(context.Context, []byte) ([]byte, error)
//		distributed.Main()                     // "program worker --connect URL" is a worker
//
//		client, err := distributed.Connect(ctx, distributed.ConnectSettings{URL: "nats://127.0.0.1:4222"})
//		...
//		id, err := client.Submit(ctx, distributed.Job{Kind: "function", Function: "square", Tasks: tasks})
//		...
//		for result, err := range client.Results(ctx, id) {
//			...
//		}
//	}
//
// # What is promised
//
// A task is executed at least once, and has exactly one outcome: one result, or one final failure.
//
//   - Submit returns when the job is on the coordinator's disk. A job has an ID; submitted again under it, it is the same
//     job, and a different job under it is refused with [ErrConflict]. The client may go; any other attaches by the ID.
//   - All that happens to a job is an event in one durable stream, and its state is a fold over them. The first success of
//     a task in the order of the stream is its result; what comes later, from a worker that was thought dead, is counted as
//     a duplicate and otherwise ignored. Attempts are numbered, so that a late failure does not undo a later attempt.
//   - A worker that is silent for AckWait (6 s) loses its tasks to others; [Client.Failures] shows what it ran. The tasks
//     of a chunk it had are then queued one by one, so that a task that kills its workers stands alone, and
//     functions run in processes of their own, so that it is known how they died; after [Job].Attempts (3) such a task
//     fails for good. A task that fails by itself is queued again until then, unless that
//     is in vain: what is too large is too large again. Tasks given up can be queued again by hand, [Client.Retry].
//   - A coordinator that was killed reads its store and is where it was. Workers go on meanwhile, keep what they have
//     done, and hand it in when it is back; clients wait.
//   - [Client.Cancel] drops what is queued and stops what runs, within two seconds where the worker can be reached, and
//     as soon as it can otherwise.
//   - A job that comes after others ([Job].After) is held until all of them are done. If one fails or is cancelled it
//     stays blocked, and its status says which.
//   - A job that nobody can run waits, and its status says why: "no worker offers gpu=1".
//   - A store that cannot be written to, because its disk is full, is said in the log and in every status. Submissions are
//     refused with [ErrStore], results stay with the workers, and all goes on when there is room.
//   - Ended jobs stay in the history for 30 days, 10,000 of them at most; then they are forgotten with all they left.
//   - Messages that make no sense are counted and logged, and change nothing. Who speaks another version of the protocol
//     is refused with [ErrVersion].
//
// Nothing is promised against who has the token: there is one for all, and with it clients and workers can run what
// workers allow, read everything, and publish outcomes of any job. Tasks run as the user of their worker, so what that
// user can read, the worker's token among it, they can too; a worker whose tasks are not trusted is given a user, or a
// container, of its own. A coordinator refuses to listen beyond loopback without a token, or a user and password, and
// TLS. An address that begins with tls:// or wss:// insists on TLS; with nats:// it is up to who answers.
//
// A worker that does not know a job's kind or function fails its tasks, as any other failure: where workers differ, labels
// say who is meant. With an external NATS, what is acknowledged lasts as long as that server's sync_interval says; one
// coordinator at a time is to use it.
//
// # How it works
//
// Tasks travel in chunks of up to 256 and 512 KiB, so that an acknowledged write to the disk pays for many of them;
// jobs with a time limit, in processes of their own, of one attempt, and of kinds other than functions, one by one.
// There is a queue for each set of required labels and each priority: durable consumers with disjoint filters on one
// work-queue stream. A free slot asks for one chunk, the highest priority first. Outcomes are published in batches
// before the chunk is acknowledged: a worker that dies in between makes duplicates, and loses nothing. What exceeds 512
// KiB goes to the object store, and so do shared files, checkpoints and logs.
//
// A job that [Job].Drives has tasks that submit jobs, by [Attempt.Connect], and wait for them: so a sweep is shared by all
// workers. Such a task takes no slot, eight run on a worker beside its slots, and it is given back at once when its worker
// leaves. The jobs name it as their [Job].Parent, end with it at the latest, and stay in the history with it. If their IDs
// follow from its own and from what they are, it needs no checkpoint: when its worker dies, another one begins anew,
// submits the same jobs, and reads the results that are there.
//
// Files of tasks, results and checkpoints may have 8 GiB each ([MaxFiles]). They travel as archives, in parts of 16 MiB: no
// side holds more of them, and no more is sent again after a connection broke. What a task returns in its result itself
// is held by all sides, and may have 64 MiB ([MaxTask]). Results of up to that size a client gets whole; the files of
// larger ones stay in the store until [Client.Files] reads them.
package distributed
