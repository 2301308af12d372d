// Package event is the language in which a run tells a program where it stands:
// ritz run --json prints one Event a line, and package nb reads them.
package event

import (
	"encoding/json"
	"io"
)

// The kinds of events, in the order in which they come: Warning and Started
// once or not at all, Progress a few times a second, Ended last. What comes before the
// first stage, of which there are 0 then, is told before them all.
const (
	Warning  = "warning"  // Text
	Started  = "started"  // Dir
	Progress = "progress" // Step
	Ended    = "ended"    // Dir, Status, Reason, Idle, Summary
)

// Event is one line. What its kind does not have is left out.
type Event struct {
	Kind string `json:"event"`

	Dir  string `json:"dir,omitempty"`
	Text string `json:"text,omitempty"`

	Step *Step `json:"step,omitempty"`

	Status  string `json:"status,omitempty"` // done, stopped or failed
	Reason  string `json:"reason,omitempty"` // of stopped and failed
	Idle    bool   `json:"idle,omitempty"`   // it was done before
	Summary string `json:"summary,omitempty"`
}

// Step is where a run stands.
type Step struct {
	Stage      int     `json:"stage"`  // from 0
	Stages     int     `json:"stages"` // how many there are
	Name       string  `json:"name"`   // of the stage, "ssbroyden"
	Iteration  int     `json:"iteration"`
	Iterations int     `json:"iterations"` // at most, in this stage
	Total      int     `json:"total"`      // iterations over all stages; 0 where stages have steps of their own
	Done       float64 `json:"done"`       // estimated part of the work, 0 to 1
	Seconds    float64 `json:"seconds"`    // over all sittings
	Left       float64 `json:"left"`       // seconds, estimated; negative: not known

	Measure string   `json:"measure,omitempty"` // what Value is, "loss"; "": there is none yet
	Value   *float64 `json:"value,omitempty"`   // none if it is not finite

	Parameters map[string]float64 `json:"parameters,omitempty"` // numbers that are sought

	CPU    float64 `json:"cpu,omitempty"`    // seconds of the process; 0: not known
	Memory int64   `json:"memory,omitempty"` // bytes that the process held at most; 0: not known
}

// Write writes the event as a line.
func Write(w io.Writer, e Event) error { return json.NewEncoder(w).Encode(e) }
