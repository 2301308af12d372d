package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// batch is a job of tasks that a pool was given.
type batch struct {
	ID    string   `json:"id"`
	Kind  string   `json:"kind"`
	Tasks []string `json:"tasks"` // a digest each

	names   []string
	members []int // which task of the pool each is; -1: one that was told of in an earlier sitting
	known   bool  // it is of an earlier sitting
}

// ledger is a file in a run directory that names the jobs on a cluster whose results are
// not all in the directory. Who resumes the run after its process was killed attaches to
// them, in place of submitting their tasks again.
type ledger struct {
	path string                // "": there is no file
	id   func(b *batch) string // nil: IDs of jobs are drawn

	mu      sync.Mutex
	batches []*batch
	left    []*batch // of an earlier sitting, not yet gone on with
}

// open reads the ledger of a run directory. What cannot be read is of no use.
func (l *ledger) open(dir string, say func(string)) {
	l.path = filepath.Join(dir, ".jobs.json")
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(text, &l.left)
	}
	if err != nil {
		l.left = nil
		say(fmt.Sprintf("%s: %v: jobs of the run that still go on are not found", l.path, err))
	}
	l.batches = slices.Clone(l.left)
}

// plan makes batches of tasks, one of each kind, and is on the disk when it returns. Tasks
// that an earlier sitting has submitted stay in the batches of that one.
func (l *ledger) plan(tasks []job.Task) ([]*batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sums := fileSums{}
	digests, open := make([]string, len(tasks)), map[string][]int{}
	for i := range tasks {
		digests[i] = sums.digest(&tasks[i])
		open[digests[i]] = append(open[digests[i]], i)
	}
	planned := make([]bool, len(tasks))
	var batches, rest []*batch
	for _, b := range l.left {
		b.known, b.members = true, make([]int, len(b.Tasks))
		found := false
		for k, digest := range b.Tasks {
			b.members[k] = -1
			if same := open[digest]; len(same) > 0 {
				b.members[k], open[digest] = same[0], same[1:]
				planned[same[0]], found = true, true
			}
		}
		if found {
			batches = append(batches, b)
		} else {
			rest = append(rest, b)
		}
	}
	l.left = rest
	fresh := map[string]*batch{}
	for i, t := range tasks {
		if planned[i] {
			continue
		}
		kind := kindOf(t.Kind)
		if fresh[kind] == nil {
			fresh[kind] = &batch{Kind: kind}
			batches, l.batches = append(batches, fresh[kind]), append(l.batches, fresh[kind])
		}
		b := fresh[kind]
		b.Tasks, b.members, b.names = append(b.Tasks, digests[i]), append(b.members, i), append(b.names, t.Name)
	}
	for _, b := range fresh {
		if b.ID = newID(); l.id != nil {
			b.ID = l.id(b)
		}
	}
	return batches, l.write()
}

// newID draws the ID of a job.
func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// renew makes a batch whose job is gone a new one, of those of its tasks that are wanted.
func (l *ledger) renew(b *batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	tasks, members := b.Tasks, b.members
	b.ID, b.known, b.Tasks, b.members = newID(), false, nil, nil
	for k, i := range members {
		if i >= 0 {
			b.Tasks, b.members = append(b.Tasks, tasks[k]), append(b.members, i)
		}
	}
	return l.write()
}

// drop takes out a batch that nobody needs to attach to any more.
func (l *ledger) drop(b *batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches = slices.DeleteFunc(l.batches, func(other *batch) bool { return other == b })
	return l.write()
}

// end takes out what is left when the run is done, and returns it: nobody asks for it.
func (l *ledger) end() (left []*batch, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left, l.left = l.left, nil
	l.batches = nil
	return left, l.write()
}

// write brings the file up to date; there is none without batches. Under l.mu.
func (l *ledger) write() error {
	if l.path == "" {
		return nil
	}
	if len(l.batches) == 0 {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := json.Marshal(l.batches)
	if err != nil {
		return err
	}
	return atomicfile.Write(l.path, bytes.NewReader(data))
}

// fileSums are digests of files, by where they are in memory: tasks share large ones.
type fileSums map[fileSpan][sha256.Size]byte

type fileSpan struct {
	first *byte
	size  int
}

func (s fileSums) of(data []byte) [sha256.Size]byte {
	if len(data) == 0 {
		return sha256.Sum256(nil)
	}
	at := fileSpan{&data[0], len(data)}
	sum, ok := s[at]
	if !ok {
		sum = sha256.Sum256(data)
		s[at] = sum
	}
	return sum
}

// digest is equal for tasks that come to the same.
func (s fileSums) digest(t *job.Task) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %x", t.Kind, sha256.Sum256(t.Data))
	var files []string
	for name, data := range t.Files {
		files = append(files, fmt.Sprintf("\n%q %x", name, s.of(data)))
	}
	slices.Sort(files)
	h.Write([]byte(strings.Join(files, "")))
	return hex.EncodeToString(h.Sum(nil)[:8])
}
