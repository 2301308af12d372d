package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func init() {
	taskKinds["echo"] = func(_ context.Context, data []byte, dir string, log io.Writer) ([]byte, error) {
		if string(data) == "fail" {
			return nil, errors.New("it failed")
		}
		if string(data) == "read" {
			return os.ReadFile(filepath.Join(dir, "in", "a.txt"))
		}
		return append([]byte("echo "), data...), nil
	}
	taskKinds["wait"] = func(ctx context.Context, _ []byte, _ string, _ io.Writer) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

func TestLocalReportsEachTaskOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 3, 1000} {
		var tasks []Task
		for i := range 200 {
			tasks = append(tasks, Task{Kind: "echo", Data: fmt.Append(nil, i)})
		}
		tasks[17].Data = []byte("fail")
		tasks[18].Kind = "ecko"
		seen := map[int]string{}
		var inside atomic.Int32
		require.NoError(t, Local{Workers: workers}.Do(t.Context(), tasks, func(i int, r []byte, err error) {
			require.EqualValues(t, 1, inside.Add(1), "one call at a time")
			defer inside.Add(-1)
			require.NotContains(t, seen, i)
			if seen[i] = string(r); err != nil {
				seen[i] = err.Error()
			}
		}))
		require.Len(t, seen, 200)
		for i, got := range seen {
			switch i {
			case 17:
				assert.Equal(t, "it failed", got)
			case 18:
				assert.Equal(t, `unknown kind of task "ecko": did you mean "echo"?`, got)
			default:
				assert.Equal(t, fmt.Sprintf("echo %d", i), got)
			}
		}
	}
	require.NoError(t, Local{}.Do(t.Context(), nil, nil))
}

func TestLocalStops(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	tasks := make([]Task, 10)
	for i := range tasks {
		tasks[i] = Task{Kind: "echo"}
	}
	tasks[3].Kind = "wait"
	reported := 0
	err := Local{Workers: 2}.Do(ctx, tasks, func(i int, _ []byte, err error) {
		require.NoError(t, err)
		if reported++; reported == 4 {
			cancel(cause)
		}
	})
	require.ErrorIs(t, err, cause)
	require.Equal(t, 4, reported)
}

func TestTasksHaveFiles(t *testing.T) {
	files := map[string][]byte{"in/a.txt": []byte("hello")}
	dir := filepath.Join(t.TempDir(), "task")
	tasks := []Task{
		{Kind: "echo", Data: []byte("read"), Files: files},
		{Kind: "echo", Data: []byte("read"), Files: files, Dir: dir},
		{Kind: "echo", Files: map[string][]byte{"../a": nil}, Name: "mine"},
	}
	results := make([]string, 3)
	require.NoError(t, Local{}.Do(t.Context(), tasks, func(i int, r []byte, err error) {
		if results[i] = string(r); err != nil {
			results[i] = err.Error()
		}
	}))
	assert.Equal(t, []string{"hello", "hello", `the task mine: the file "../a" is not within its directory`}, results)
	assert.FileExists(t, filepath.Join(dir, "in", "a.txt"))
}

// A run as a task goes on from what an earlier call left, and a run that is done
// is not done again.
func TestTaskRun(t *testing.T) {
	dir := t.TempDir()
	text := "ritz: 1\nkind: sample\nname: s\ninputs: {a: [0, 1]}\nsample: {n: 4}\noutput: {figures: []}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.yaml"), []byte(text), 0o666))
	first, err := RunTask(t.Context(), "run", nil, dir, io.Discard)
	require.NoError(t, err)
	var r Result
	require.NoError(t, json.Unmarshal(first, &r))
	require.Equal(t, Done, r.Status)
	require.FileExists(t, filepath.Join(dir, "points.csv"))
	again, err := RunTask(t.Context(), "run", nil, dir, io.Discard)
	require.NoError(t, err)
	require.Equal(t, first, again)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = RunTask(ctx, "run", nil, dir, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
}

// The evaluations of a program are tasks of the pool, also those of a search in
// batches; a failure of the pool's is one of the evaluation.
func TestEvaluationsAreTasks(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	text := command(t, "count", log, "optimize: {evaluations: 6, batch: 3, kriging: {starts: 2}}\n")
	study := func(p Pool) (*Result, string) {
		j, err := decode("a.yaml", text, nil)
		require.NoError(t, err)
		dir := filepath.Join(t.TempDir(), "out")
		r, err := Run(t.Context(), j, dir, Options{Pool: p})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		samples, err := os.ReadFile(filepath.Join(dir, "samples.csv"))
		require.NoError(t, err)
		return r, string(samples)
	}
	_, alone := study(nil)
	p := &countingPool{pool: Local{Workers: 5}}
	_, pooled := study(p)
	require.Equal(t, 16+6+10, p.tasks, "and the folds of the validation")
	require.Equal(t, alone, pooled)
	r, _ := study(losingPool{})
	require.Equal(t, 1, r.Body.(*surrogateBody).Samples.Failed)
}

// losingPool loses the third task of the first call.
type losingPool struct{}

func (losingPool) Do(ctx context.Context, tasks []Task, done func(int, []byte, error)) error {
	return Local{}.Do(ctx, tasks, func(i int, r []byte, err error) {
		if i == 2 && len(tasks) == 16 {
			r, err = nil, errors.New("3 workers died while running it")
		}
		done(i, r, err)
	})
}
