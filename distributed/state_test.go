package distributed

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// An unreliable world runs a job: deliveries are repeated, late, out of order and lost with their workers, outcomes are
// published twice, failures come when they like. In the end each task has exactly one outcome that counts, whoever
// folds the events, and however often the fold was begun again in between.
func TestFoldCountsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "tasks")
		attempts := rapid.IntRange(1, 4).Draw(t, "attempts")
		source := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		retries := rapid.IntRange(0, 2).Draw(t, "retries")

		var events []*event
		decided := map[int]int{}
		p := newProgress("j", n, attempts, false)
		type message struct {
			task  chunkTask
			limit int
		}
		var queue []message
		for i := range n {
			queue = append(queue, message{chunkTask{Index: i, Attempt: 1}, attempts})
		}
		publish := func(e *event) {
			data, err := json.Marshal(e)
			require.NoError(t, err)
			e, err = decode[event]("event", data)
			require.NoError(t, err)
			events = append(events, e)
			require.NoError(t, p.apply(e, func(o *outcome, final bool) {
				if !final || o.Attempt >= p.limit(o.Index) || !o.Retryable {
					decided[o.Index]++
				}
			}))
			for _, r := range p.again {
				queue = append(queue, message{r.chunkTask, r.allowed})
			}
			clear(p.again)
			if source.IntN(4) == 0 { // begin again
				fresh := newProgress("j", n, attempts, false)
				for _, e := range events {
					_ = fresh.apply(e, nil)
				}
				clear(fresh.again)
				assert.Equal(t, p, fresh)
				p = fresh
			}
		}
		for round := 0; ; round++ {
			for len(queue) > 0 {
				i := source.IntN(len(queue))
				m := queue[i]
				if source.IntN(3) > 0 { // else it is delivered again
					queue = append(queue[:i], queue[i+1:]...)
				}
				o := outcome{Index: m.task.Index, Attempt: m.task.Attempt, OK: source.IntN(3) == 0, Retryable: source.IntN(4) > 0, Started: time.Unix(1, 0).UTC()}
				if !o.OK {
					o.Task = &m.task
				}
				for range 1 + source.IntN(2) {
					publish(&event{Protocol: protocol, Time: time.Unix(2, 0).UTC(), Worker: "w", Outcomes: []outcome{o}})
				}
				require.LessOrEqual(t, p.done+p.failed, n)
			}
			require.True(t, p.complete())
			state := Done
			if p.failed > 0 {
				state = Failed
			}
			publish(&event{Protocol: protocol, Ended: state, Round: p.round})
			require.Equal(t, state, p.ended)
			for i := range n {
				require.Equal(t, 1, decided[i], "task %d", i)
			}
			if round == retries || p.failed == 0 {
				break
			}
			var again []chunkTask
			for i, s := range p.task {
				if s == failed {
					decided[i]--
					again = append(again, chunkTask{Index: i, Attempt: 1})
				}
			}
			publish(&event{Protocol: protocol, Retried: again, Round: p.round + 1})
			require.Zero(t, p.failed)
			require.Len(t, queue, len(again))
		}
		done := 0
		for _, s := range p.task {
			if s == succeeded {
				done++
			}
		}
		assert.Equal(t, done, p.done)
	})
}

func TestFoldRules(t *testing.T) {
	ok := func(i, a int) *event { return &event{Outcomes: []outcome{{Index: i, Attempt: a, OK: true}}} }
	bad := func(i, a int) *event {
		return &event{Outcomes: []outcome{{Index: i, Attempt: a, Retryable: true, Task: &chunkTask{Index: i, Attempt: a}}}}
	}
	for name, c := range map[string]struct {
		events                     []*event
		done, failed, retried, dup int
		again                      int // attempt that task 0 is queued for
	}{
		"success":                        {[]*event{ok(0, 1)}, 1, 0, 0, 0, 0},
		"twice":                          {[]*event{ok(0, 1), ok(0, 2)}, 1, 0, 0, 1, 0},
		"failure is queued again":        {[]*event{bad(0, 1)}, 0, 0, 1, 0, 2},
		"the same failure twice":         {[]*event{bad(0, 1), bad(0, 1)}, 0, 0, 1, 1, 2},
		"late success of a failed task":  {[]*event{bad(0, 1), ok(0, 1)}, 1, 0, 1, 0, 0},
		"last attempt":                   {[]*event{bad(0, 1), bad(0, 2), bad(0, 3)}, 0, 1, 2, 0, 0},
		"success after the last attempt": {[]*event{bad(0, 3), ok(0, 2)}, 0, 1, 0, 1, 0},
		"failure after success":          {[]*event{ok(0, 1), bad(0, 2)}, 1, 0, 0, 1, 0},
		"after the end":                  {[]*event{{Ended: Cancelled}, ok(0, 1)}, 0, 0, 0, 1, 0},
		"retried by hand":                {[]*event{bad(0, 3), {Ended: Failed}, {Retried: []chunkTask{{Index: 0}}, Round: 1}}, 0, 0, 0, 0, 4},
		"an end of an earlier round":     {[]*event{bad(0, 3), {Retried: []chunkTask{{Index: 0}}, Round: 1}, {Ended: Failed}, ok(0, 4)}, 1, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgress("j", 2, 3, false)
			for _, e := range c.events {
				require.NoError(t, p.apply(e, nil))
			}
			assert.Equal(t, []int{c.done, c.failed, c.retried, c.dup, c.again}, []int{p.done, p.failed, p.retried, p.duplicates, p.again[0].Attempt})
		})
	}
}

func TestFoldRefusesNonsense(t *testing.T) {
	for _, e := range []*event{
		{},
		{Ended: "sleeping"},
		{Outcomes: []outcome{{Index: -1, Attempt: 1, OK: true}}},
		{Outcomes: []outcome{{Index: 2, Attempt: 1, OK: true}}},
		{Outcomes: []outcome{{Index: 0, Attempt: 0, OK: true}}},
		{Retried: []chunkTask{{Index: 99}}, Round: 1},
	} {
		p := newProgress("j", 2, 3, false)
		assert.Error(t, p.apply(e, nil))
		assert.Zero(t, p.done+p.failed)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"protocol":1,"outcomes":[{"i":0,"attempt":1,"ok":true}]}`))
	f.Add([]byte(`{"protocol":1,"job":"j","attempts":3,"tasks":[{"i":0,"attempt":1,"files":{"../x":"aGk="}}]}`))
	f.Add([]byte(`{"protocol":1,"retried":[{"i":1}],"round":1}`))
	f.Add([]byte(`{"protocol":1,"header":{"id":"a","kind":"function","tasks":1},"tasks":[{}],"first":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := decodeChunk(data); err == nil {
			_ = c.messageID()
			outside := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(outside, "in"), 0o700))
			root, err := os.OpenRoot(filepath.Join(outside, "in"))
			require.NoError(t, err)
			defer root.Close()
			for _, task := range c.Tasks {
				for name, data := range task.Files {
					_ = putFile(root, name, data)
				}
			}
			there, err := os.ReadDir(outside)
			require.NoError(t, err)
			require.Len(t, there, 1, "a file got out")
		}
		if e, err := decode[event]("event", data); err == nil {
			p := newProgress("j", 3, 2, true)
			_ = p.apply(e, nil)
			_ = p.apply(e, nil)
			if p.done+p.failed > 3 || p.done < 0 || p.failed < 0 {
				t.Fatal("counted too much")
			}
		}
		if q, err := decode[request]("request", data); err == nil && q.Header != nil {
			_ = q.Header.check()
		}
		if b, err := decode[beat]("heartbeat", data); err == nil {
			_ = b.check()
		}
	})
}
