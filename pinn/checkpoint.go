package pinn

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
)

// checkpoint is what MarshalBinary writes.
type checkpoint struct {
	Version     int
	Fingerprint [32]byte
	State       trainerState
	Method      []byte // state of its optimiser; nil between stages
}

const checkpointVersion = 1

// ErrCheckpoint is wrapped by the error for data that is no checkpoint of this
// training.
var ErrCheckpoint = errors.New("not a checkpoint of this training")

// fingerprint identifies problem and settings. The number of threads is not
// part of it.
func (t *Trainer) fingerprint() ([32]byte, error) {
	data, err := json.Marshal(struct {
		Problem
		Network
		Points
		Stages    []Stage
		Seed      uint64
		Precision string
	}{t.m.problem, t.m.shape, t.settings.Points, t.stages, t.settings.Seed, t.settings.Precision})
	return sha256.Sum256(data), err
}

// MarshalBinary returns a checkpoint: a Trainer made from the same Problem and
// Settings continues from it bit for bit. It may be called from Progress.
func (t *Trainer) MarshalBinary() ([]byte, error) {
	print, err := t.fingerprint()
	if err != nil {
		return nil, err
	}
	c := checkpoint{Version: checkpointVersion, Fingerprint: print, State: t.state}
	if t.method != nil {
		if c.Method, err = t.method.MarshalBinary(); err != nil {
			return nil, err
		}
	}
	var buf bytes.Buffer
	err = gob.NewEncoder(&buf).Encode(c)
	return buf.Bytes(), err
}

// UnmarshalBinary restores a checkpoint. The error of data that does not fit
// wraps ErrCheckpoint, and leaves the Trainer as it was.
func (t *Trainer) UnmarshalBinary(data []byte) error {
	var c checkpoint
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&c); err != nil {
		return fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	print, err := t.fingerprint()
	if err != nil {
		return err
	}
	st := c.State
	switch n := t.m.weights(); {
	case c.Version != checkpointVersion:
		return fmt.Errorf("%w: version %d, want %d", ErrCheckpoint, c.Version, checkpointVersion)
	case c.Fingerprint != print:
		return fmt.Errorf("%w: problem or settings have changed", ErrCheckpoint)
	case len(st.Theta) != n || len(st.Best) != n || st.Stage < 0 || st.Stage > len(t.stages) || len(st.Reports) != st.Stage ||
		(st.BestTerms != nil && len(st.BestTerms) != len(t.loss.terms)) || (st.Terms != nil && len(st.Terms) != len(t.loss.terms)) || (c.Method != nil && st.Stage == len(t.stages)):
		return fmt.Errorf("%w: inconsistent", ErrCheckpoint)
	}
	if st.Points != nil {
		if len(st.Points) != len(t.interior.points) {
			return fmt.Errorf("%w: inconsistent points", ErrCheckpoint)
		}
		for v, column := range st.Points {
			if len(column) != len(t.interior.points[v]) {
				return fmt.Errorf("%w: inconsistent points", ErrCheckpoint)
			}
		}
	}
	before := *t
	t.state, t.method, t.objective = st, nil, nil
	if c.Method != nil {
		err := t.open()
		if err == nil {
			err = t.method.UnmarshalBinary(c.Method)
		}
		if err != nil {
			*t = before
			return fmt.Errorf("%w: %v", ErrCheckpoint, err)
		}
	}
	t.interior.points = t.placed
	if st.Points != nil {
		t.interior.points = st.Points
	}
	return nil
}
