package dashboard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// section is a part of the page. It is sent when it is not what was sent last.
type section struct {
	name string
	last []byte
}

// stream is what one page that watches has been told.
type stream struct {
	view     view
	timeline *timeline
	sections []section
	buffer   bytes.Buffer // the event
	part     bytes.Buffer // one section of it
}

func newStream(v view, now time.Time) *stream {
	return &stream{
		view:     v,
		timeline: newTimeline(now, time.Duration(v.seconds)*time.Second, v.lanes, v.worker),
		sections: []section{{name: "totals"}, {name: "jobs"}, {name: "workers"}, {name: "failures"}, {name: "best"}, {name: "timeline"}},
	}
}

// event is the next one: an object with the time and the sections that
// changed. It is valid until the next call.
func (s *stream) event(r *reading) ([]byte, error) {
	s.buffer.Reset()
	s.buffer.WriteString(`data: {"now":`)
	_ = s.encode(&s.buffer, r.at.UnixMilli())
	for i := range s.sections {
		part := &s.sections[i]
		s.part.Reset()
		if err := s.encode(&s.part, s.section(part.name, r)); err != nil {
			return nil, err
		}
		if bytes.Equal(s.part.Bytes(), part.last) {
			continue
		}
		part.last = append(part.last[:0], s.part.Bytes()...)
		s.buffer.WriteString(`,"` + part.name + `":`)
		s.buffer.Write(part.last)
	}
	s.buffer.WriteString("}\n\n")
	return s.buffer.Bytes(), nil
}

// encode writes v without the newline that json.Encoder ends with: in an event
// it would end the line. There is no other, JSON escapes those in strings.
func (s *stream) encode(to *bytes.Buffer, v any) error {
	if err := json.NewEncoder(to).Encode(v); err != nil {
		return err
	}
	to.Truncate(to.Len() - 1)
	return nil
}

func (s *stream) section(name string, r *reading) any {
	switch name {
	case "totals":
		return r.totals()
	case "jobs":
		return r.jobList(s.view)
	case "workers":
		return r.workerList(s.view)
	case "failures":
		return r.causeList(s.view)
	case "best":
		return r.best(s.view)
	}
	return s.timeline.update(r)
}

// sendWithin is how long a page may take to receive an event.
const sendWithin = 15 * time.Second

// events is the stream of a page, in the format of server-sent events: the
// first event has all sections, the next those that changed, twice a second at
// most. Every event has the time, so a page notices when they stop.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	v, err := parseView(r.URL.Query())
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, "too many pages watch this coordinator; close some")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy that gathers would hold events back
	control := http.NewResponseController(w)
	ticker := time.NewTicker(h.period)
	defer ticker.Stop()
	s := newStream(v, h.now())
	for {
		event, err := s.event(h.feed.read(h.now()))
		if err != nil {
			return
		}
		_ = control.SetWriteDeadline(time.Now().Add(sendWithin)) // not every writer has deadlines
		if _, err := w.Write(event); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
	}
}
