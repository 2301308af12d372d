package distributed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// What is kept of an attempt's log: its beginning and its end.
const (
	logHead = 128 << 10
	logTail = 256 << 10
)

// taskLog is what an attempt writes for people.
type taskLog struct {
	job           string
	task, attempt int

	mu        sync.Mutex
	head      []byte
	tail      []byte
	total     int64     // bytes written
	published int64     // of them, sent to followers
	followed  time.Time // until when
}

func (l *taskLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(b)
	l.total += int64(n)
	if room := logHead - len(l.head); room > 0 {
		k := min(room, len(b))
		l.head, b = append(l.head, b[:k]...), b[k:]
	}
	l.tail = append(l.tail, b...)
	if len(l.tail) > 2*logTail { // seldom, so that writing costs little
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-logTail:]...)
	}
	return n, nil
}

// text is what is kept.
func (l *taskLog) text() []byte {
	tail := l.tail[max(0, len(l.tail)-logTail):]
	omitted := l.total - int64(len(l.head)) - int64(len(tail))
	if omitted == 0 {
		return append(bytes.Clone(l.head), tail...)
	}
	return append(fmt.Appendf(bytes.Clone(l.head), "\n[... %d bytes left out ...]\n", omitted), tail...)
}

// follow gives all there is, and has what comes published for a while.
func (l *taskLog) follow(now time.Time) logLines {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.followed) {
		l.published = l.total
	}
	l.followed = now.Add(followFor)
	return logLines{Attempt: l.attempt, Text: l.text()}
}

// news is what followers have not been sent yet.
func (l *taskLog) news(now time.Time, end bool) (piece logLines, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.followed) || l.published == l.total && !end {
		return piece, false
	}
	kept := append(bytes.Clone(l.head), l.tail...)
	from := l.published
	if int64(len(kept)) < l.total { // something was dropped between head and tail
		from = max(from, l.total-int64(len(l.tail)))
	}
	l.published = l.total
	return logLines{Attempt: l.attempt, Offset: from, Text: kept[int64(len(kept))-(l.total-from):], End: end}, true
}

// taskLogs are the logs of the attempts that run now.
type taskLogs struct {
	mu      sync.Mutex
	running map[string]*taskLog // by logSubject
	publish func(subject string, data []byte)
}

func (t *taskLogs) begin(job string, task, attempt int) *taskLog {
	l := &taskLog{job: job, task: task, attempt: attempt}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[logSubject("", job, task)] = l
	return l
}

// end closes a log; keep stores one that is not empty.
func (t *taskLogs) end(l *taskLog, keep func(*taskLog, []byte)) {
	l.mu.Lock()
	text := l.text()
	l.mu.Unlock()
	if len(text) > 0 {
		keep(l, text)
	}
	key := logSubject("", l.job, l.task)
	t.mu.Lock()
	if t.running[key] == l {
		delete(t.running, key)
	}
	t.mu.Unlock()
	if piece, ok := l.news(time.Now(), true); ok {
		t.send(key, piece)
	}
}

// flush sends followers what is new.
func (t *taskLogs) flush(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, l := range t.running {
		if piece, ok := l.news(now, false); ok {
			t.send(key, piece)
		}
	}
}

// follow answers a request for the log of what runs under key.
func (t *taskLogs) follow(key string, now time.Time) (answer []byte, ok bool) {
	t.mu.Lock()
	l := t.running[key]
	t.mu.Unlock()
	if l == nil {
		return nil, false
	}
	answer, err := json.Marshal(l.follow(now))
	return answer, err == nil
}

func (t *taskLogs) send(key string, piece logLines) {
	if data, err := json.Marshal(piece); err == nil {
		t.publish(subjectLog+key, data)
	}
}
