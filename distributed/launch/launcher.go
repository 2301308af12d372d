package launch

import (
	"context"
	"errors"
	"time"
)

// Launcher keeps the units of one cluster. Its methods may be called from several
// goroutines.
type Launcher interface {
	// Scale asks for n units in all. Those that are pending or running count, those
	// that are leaving or have ended do not: Scale with the same number replaces what
	// was lost. Where there are too many, pending ones go first and then the newest,
	// which are asked to finish what they have. It returns when the request has been
	// taken, not when it is fulfilled: see Units.
	Scale(ctx context.Context, n int) error

	// Units tells how every unit is, in the order in which they were asked for. A unit
	// that left as it was asked to is not told of any more; one that ended otherwise
	// is, until Scale or Stop.
	Units(ctx context.Context) ([]Unit, error)

	// Stop scales to none and waits until all have ended. When ctx ends before, those
	// that are left are ended at once, and Stop returns the cause of ctx.
	Stop(ctx context.Context) error
}

// Unit is one worker of a launcher, of whatever kind.
type Unit struct {
	ID    string    `json:"id"` // also the worker's, for the coordinator
	State State     `json:"state"`
	Why   string    `json:"why,omitempty"` // of Pending and Ended: the reason, as the system gives it
	Where string    `json:"where"`         // "pid 1234", a node, a pod
	Since time.Time `json:"since"`         // when it was asked for
	Log   string    `json:"log,omitempty"` // file of what it wrote
}

// State says where a unit is.
type State string

const (
	Pending State = "pending" // asked for, not there yet
	Running State = "running" //
	Leaving State = "leaving" // asked to leave
	Ended   State = "ended"   // without having been asked to
)

// Alive tells whether the unit counts for Scale.
func (s State) Alive() bool { return s == Pending || s == Running }

var (
	ErrSettings = errors.New("launch: bad settings")
	ErrScale    = errors.New("launch: bad number of units") // not between 0 and MaxUnits
)

// MaxUnits is the most that Scale starts: what is more is a slip of the finger.
const MaxUnits = 100_000
