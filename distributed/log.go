package distributed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Log is what the latest attempt of a task has written for people. With follow it goes on as the attempt writes, to its
// end, and waits for an attempt if there was none yet. Nothing written gives an empty log.
func (c *Client) Log(ctx context.Context, id string, task int, follow bool) (io.ReadCloser, error) {
	s, err := c.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	if task < 0 || task >= s.Tasks {
		return nil, fmt.Errorf("%w: job %s has tasks 0 to %d, not %d", ErrJob, id, s.Tasks-1, task)
	}
	if !follow {
		if s.Running > 0 {
			if now, err := c.askLog(ctx, id, task); err == nil {
				return io.NopCloser(bytes.NewReader(now.Text)), nil
			}
		}
		data, err := c.storedLog(ctx, s, task)
		return io.NopCloser(bytes.NewReader(data)), err
	}
	pieces := make(chan *nats.Msg, 1024)
	sub, err := c.nc.ChanSubscribe(logSubject(subjectLog, id, task), pieces)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	go func() {
		defer cancel()
		defer sub.Unsubscribe()
		w.CloseWithError(c.followLog(ctx, id, task, pieces, w))
	}()
	return &logReader{r, cancel}, nil
}

type logReader struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (r *logReader) Close() error {
	r.cancel()
	return r.PipeReader.Close()
}

// askLog asks whoever runs the task.
func (c *Client) askLog(ctx context.Context, id string, task int) (*logLines, error) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, logSubject(subjectFollow, id, task), nil)
	if err != nil {
		return nil, err
	}
	return decode[logLines]("log", m.Data)
}

// storedLog is that of the latest attempt that ended, nil if none is stored.
func (c *Client) storedLog(ctx context.Context, s Status, task int) ([]byte, error) {
	for attempt := s.Attempts * (s.Round + 1); attempt > 0; attempt-- {
		data, err := c.files.GetBytes(ctx, logObject(s.ID, task, attempt))
		if !errors.Is(err, jetstream.ErrObjectNotFound) {
			return data, err
		}
	}
	return nil, nil
}

// followLog writes what is there, then piece by piece what comes.
func (c *Client) followLog(ctx context.Context, id string, task int, pieces <-chan *nats.Msg, w io.Writer) error {
	var at logLines // attempt, and how much of it is written
	renew := time.NewTicker(followFor / 4)
	defer renew.Stop()
	start := func() error {
		now, err := c.askLog(ctx, id, task)
		if err != nil || now.Attempt <= at.Attempt { // nobody runs it; or just to be told more
			return ctx.Err()
		}
		at = logLines{Attempt: now.Attempt, Offset: int64(len(now.Text))}
		_, err = w.Write(now.Text)
		return err
	}
	if err := start(); err != nil {
		return err
	}
	for {
		for at.Attempt == 0 { // nobody runs it yet, or no longer
			s, err := c.Status(ctx, id)
			if err != nil && !errors.Is(err, ErrNoCoordinator) {
				return err
			}
			if err == nil {
				stored, err := c.storedLog(ctx, s, task)
				if err != nil {
					return err
				}
				if s.State.Ended() || stored != nil {
					_, err = w.Write(stored)
					return err
				}
			}
			if err := start(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-renew.C:
			before := at.Attempt
			if err := start(); err != nil {
				return err
			}
			if at.Attempt == before && len(pieces) == 0 { // does it still run, or has its last word been lost?
				s, err := c.Status(ctx, id)
				if err == nil && s.State.Ended() {
					return nil
				}
			}
		case m := <-pieces:
			var l logLines
			if json.Unmarshal(m.Data, &l) != nil || l.Attempt != at.Attempt {
				continue
			}
			if skip := at.Offset - l.Offset; skip > 0 {
				l.Text = l.Text[min(skip, int64(len(l.Text))):]
			}
			at.Offset += int64(len(l.Text))
			if _, err := w.Write(l.Text); err != nil {
				return err
			}
			if l.End {
				return nil
			}
		}
	}
}
