package gpu

import (
	"errors"
	"fmt"
	"sync"

	"github.com/seed-0772dd2d/ritz/gpu/internal/smi"
)

// Telemetry is how a card is at one moment: memory, load, temperature, power, clocks.
// Its Bus is that of [Info], where both are told.
type Telemetry = smi.Telemetry

// Reading is what a sensor tells; NaN, null in JSON, if it tells nothing.
type Reading = smi.Reading

// Monitor reads the sensors of graphics cards, through NVML, AMD SMI and ROCm SMI. It is
// safe for concurrent use.
type Monitor struct {
	mu        sync.Mutex
	libraries []smi.Library
	closed    bool
}

// OpenMonitor opens the management libraries: of each vendor the first that shows a card.
// As of [Devices], the error tells of vendors without: it wraps ErrNoBackend where there
// is no library, ErrNoDevice where there is no card. The monitor is there in any case.
func OpenMonitor() (*Monitor, error) {
	m := &Monitor{}
	var missing []error
	for _, vendor := range smi.Vendors {
		var errs []error
		for _, open := range vendor {
			l, err := open()
			if err == nil {
				m.libraries, errs = append(m.libraries, l), nil
				break
			}
			errs = append(errs, err)
		}
		missing = append(missing, errs...)
	}
	return m, errors.Join(missing...)
}

// Read reads the sensors of all cards. A card that cannot be read is in the list with
// what it tells; the error tells why, and wraps ErrLost if it is gone.
func (m *Monitor) Read() ([]Telemetry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, fmt.Errorf("gpu: monitor: %w", ErrClosed)
	}
	var all []Telemetry
	var errs []error
	for _, l := range m.libraries {
		cards, err := l.Read()
		all, errs = append(all, cards...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Close closes the libraries.
func (m *Monitor) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("gpu: monitor: %w", ErrClosed)
	}
	m.closed = true
	var errs []error
	for _, l := range m.libraries {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
