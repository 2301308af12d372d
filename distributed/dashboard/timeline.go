package dashboard

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
)

// The task stream is a row a slot, here called a lane, with time to the right.
// What a page gets is bounded however many tasks there were: of the lanes it
// shows, and in each of them bars that are tasks, or, where tasks are shorter
// than a column (the window's 240th part), all that started in one column as
// a single bar with their number and the time they kept the slot busy.
// Columns are cut at multiples of their width since the epoch, so a bar that
// was sent stays as it is while time goes on.
const (
	columns       = 240  // of a window
	lanesOnPage   = 40   //
	mostSlots     = 1024 // of one worker that are shown
	milliseconds  = time.Millisecond
	numbersPerBar = 8
)

// bar is a task, or the short tasks that started in one column. Times are in
// milliseconds, starts count from the timeline's base.
type bar struct {
	start, length, busy int64
	tasks, failed       int
	job, task, attempt  int // of the first task; job is an index into timeline.ids
}

// lane is what the page has of one slot.
type lane struct {
	name string
	bars []bar
	next []bar // scratch: the bars of now
	raw  []distributed.Span
}

// timeline follows the lanes that one page shows.
type timeline struct {
	window, column time.Duration
	base           time.Time
	first          int    // lane at the top of the page
	only           string // this worker's lanes alone, if not empty

	lanes []*lane
	ids   []string       // jobs, in the order in which their numbers were given
	index map[string]int // their numbers
	known int            // how many of them the page knows
	cover [columns + 2]float64
	steps [columns + 2]float64
}

func newTimeline(now time.Time, window time.Duration, first int, only string) *timeline {
	column := (window / columns).Truncate(milliseconds)
	return &timeline{
		window: window,
		column: column,
		base:   now.Add(-window).Truncate(column),
		first:  first,
		only:   only,
		index:  map[string]int{},
	}
}

// laneUpdate is what a page must change in the lane at an index of the page:
// bars that start at From or later are forgotten, Bars come in their place,
// numbersPerBar numbers each.
type laneUpdate struct {
	Lane int     `json:"lane"`
	From int64   `json:"from"`
	Bars []int64 `json:"bars"`
}

// openBar is a task that runs.
type openBar struct {
	Lane    int   `json:"lane"`
	Start   int64 `json:"start"`
	Job     int   `json:"job"`
	Task    int   `json:"task"`
	Attempt int   `json:"attempt"`
}

// timelineUpdate is one event's part for the task stream.
type timelineUpdate struct {
	Base    int64        `json:"base"`   // Unix time of 0, ms
	Window  int64        `json:"window"` // ms
	Column  int64        `json:"column"` // ms
	First   int          `json:"first"`
	Total   int          `json:"total"`             // lanes there are
	Names   []string     `json:"names,omitempty"`   // of the lanes on the page, if they changed: all others are forgotten
	Jobs    []string     `json:"jobs,omitempty"`    // ids that join the list which job numbers index
	Updates []laneUpdate `json:"updates,omitempty"` //
	Open    []openBar    `json:"open"`
	Use     []int        `json:"use"`    // busy slots of all lanes, in tenths, a column each, the last one now's
	Failed  []int        `json:"failed"` // failed tasks by column
	Slots   int          `json:"slots"`  // of the workers there are
}

// ms is a time in the timeline's milliseconds.
func (t *timeline) ms(at time.Time) int64 { return at.Sub(t.base).Milliseconds() }

// slotsOf is how many lanes each worker has, in the order of the page: the
// workers of now, then those that are gone but have bars in the window.
func slotsOf(r *reading, spans []distributed.Span) (names []string, slots map[string]int) {
	slots = make(map[string]int, len(r.workers))
	for _, w := range r.workers {
		if _, twice := slots[w.ID]; !twice {
			names = append(names, w.ID)
		}
		slots[w.ID] = min(max(w.Slots, 0), mostSlots)
	}
	here := len(names)
	for _, s := range spans {
		n, ok := slots[s.Worker]
		if !ok {
			names = append(names, s.Worker)
		}
		if !ok || s.Slot >= n {
			slots[s.Worker] = min(max(s.Slot+1, n), mostSlots)
		}
	}
	slices.SortFunc(names[here:], natural)
	return names, slots
}

// update brings the timeline to the reading and says what changed on the page.
func (t *timeline) update(r *reading) timelineUpdate {
	since := r.at.Add(-t.window).Truncate(t.column)
	spans := r.since(since)
	u := timelineUpdate{
		Base: t.base.UnixMilli(), Window: t.window.Milliseconds(), Column: t.column.Milliseconds(),
		Open: []openBar{}, Use: make([]int, columns+1), Failed: make([]int, columns+1),
	}
	u.Slots = r.totals().Slots
	rows := t.arrange(r, spans, &u)
	t.count(r, spans, since, &u)
	for _, s := range spans {
		if row, ok := rows[s.Worker]; ok && s.Slot >= 0 && s.Slot < row.slots {
			if i := row.first + s.Slot; i >= 0 && i < len(t.lanes) {
				t.lanes[i].raw = append(t.lanes[i].raw, s)
			}
		}
	}
	for i, l := range t.lanes {
		l.next = t.merge(l.raw, l.next[:0])
		l.raw = l.raw[:0]
		if change, ok := t.change(i, l, t.ms(since)); ok {
			u.Updates = append(u.Updates, change)
		}
		l.bars, l.next = l.next, l.bars
	}
	for _, w := range r.workers {
		row, ok := rows[w.ID]
		if !ok {
			continue
		}
		for _, b := range w.Busy {
			if i := row.first + b.Slot; b.Slot >= 0 && b.Slot < row.slots && i >= 0 && i < len(t.lanes) {
				u.Open = append(u.Open, openBar{i, t.ms(b.Since), t.number(b.Job), b.Task, b.Attempt})
			}
		}
	}
	u.Jobs, t.known = t.ids[t.known:], len(t.ids)
	return u
}

// rows says where the lanes of a worker begin on the page.
type rows struct{ first, slots int }

// arrange finds the lanes of the page, keeping what it has of those that stay.
func (t *timeline) arrange(r *reading, spans []distributed.Span, u *timelineUpdate) map[string]rows {
	workers, slots := slotsOf(r, spans)
	place := map[string]rows{}
	var names []string
	for _, w := range workers {
		if t.only != "" && w != t.only {
			continue
		}
		begin := u.Total - t.first
		u.Total += slots[w]
		if begin+slots[w] <= 0 || begin >= lanesOnPage {
			continue
		}
		place[w] = rows{begin, slots[w]}
		for s := max(0, -begin); s < slots[w] && begin+s < lanesOnPage; s++ {
			names = append(names, laneName(w, s))
		}
	}
	u.First = t.first
	if t.lanes != nil && slices.EqualFunc(t.lanes, names, func(l *lane, name string) bool { return l.name == name }) {
		return place
	}
	had := map[string]*lane{}
	for _, l := range t.lanes {
		had[l.name] = l
	}
	t.lanes = make([]*lane, len(names))
	for i, name := range names {
		t.lanes[i] = &lane{name: name}
		if l, ok := had[name]; ok {
			t.lanes[i] = l
		}
	}
	u.Names = append([]string{}, names...)
	return place
}

// count is the use of all slots over time: a span adds the share of each
// column that it covers. Whole columns are added as a step up and a step down.
func (t *timeline) count(r *reading, spans []distributed.Span, since time.Time, u *timelineUpdate) {
	clear(t.cover[:])
	clear(t.steps[:])
	width := float64(t.column)
	add := func(start, end time.Time) {
		from := max(0, float64(start.Sub(since))/width)
		to := min(columns+1, float64(end.Sub(since))/width)
		if !(from < to) {
			return
		}
		i, j := int(from), int(to)
		if i == j {
			t.cover[i] += to - from
			return
		}
		t.cover[i] += float64(i+1) - from
		t.steps[i+1]++
		t.steps[j]--
		t.cover[j] += to - float64(j)
	}
	for _, s := range spans {
		add(s.Start, s.End)
		if s.Failed {
			if i := int(s.End.Sub(since) / t.column); i >= 0 && i <= columns {
				u.Failed[i]++
			}
		}
	}
	for _, w := range r.workers {
		for _, b := range w.Busy {
			if b.Slot < w.Slots {
				add(b.Since, r.at)
			}
		}
	}
	whole := 0.0
	for i := range u.Use {
		whole += t.steps[i]
		u.Use[i] = int(10*(whole+t.cover[i]) + 0.5)
	}
}

// merge makes the bars of one lane.
func (t *timeline) merge(spans []distributed.Span, bars []bar) []bar {
	slices.SortFunc(spans, func(a, b distributed.Span) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Attempt, b.Attempt))
	})
	column := t.column.Milliseconds()
	for _, s := range spans {
		b := bar{start: t.ms(s.Start), tasks: 1, job: t.number(s.Job), task: s.Task, attempt: s.Attempt}
		b.length = max(0, t.ms(s.End)-b.start)
		b.busy = b.length
		if s.Failed {
			b.failed = 1
		}
		if n := len(bars); n > 0 && b.length < column {
			last := &bars[n-1]
			if last.start/column == b.start/column && last.length < column {
				last.length = max(last.length, b.start+b.length-last.start)
				last.busy += b.busy
				last.tasks++
				last.failed += b.failed
				continue
			}
		}
		bars = append(bars, b)
	}
	return bars
}

// change finds the first bar in the window that the page does not have as it
// is now; all from there on are sent.
func (t *timeline) change(i int, l *lane, since int64) (laneUpdate, bool) {
	l.bars, l.next = t.keep(l.bars, since), t.keep(l.next, since)
	was, is := l.bars, l.next
	same := 0
	for same < len(was) && same < len(is) && was[same] == is[same] {
		same++
	}
	if same == len(was) && same == len(is) {
		return laneUpdate{}, false
	}
	start := int64(math.MaxInt64)
	if same < len(was) {
		start = was[same].start
	}
	if same < len(is) {
		start = min(start, is[same].start)
	}
	for same > 0 && is[same-1].start >= start {
		same--
	}
	u := laneUpdate{Lane: i, From: start, Bars: make([]int64, 0, numbersPerBar*(len(is)-same))}
	for _, b := range is[same:] {
		u.Bars = append(u.Bars, b.start, b.length, b.busy, int64(b.tasks), int64(b.failed), int64(b.job), int64(b.task), int64(b.attempt))
	}
	return u, true
}

// keep drops, in place, what has left the window. Of the column at its left
// edge some tasks have left and others not: short ones go together.
func (t *timeline) keep(bars []bar, since int64) []bar {
	return slices.DeleteFunc(bars, func(b bar) bool {
		long := b.tasks == 1 && b.length >= t.column.Milliseconds() && b.start+b.length >= since
		return b.start < since && !long
	})
}

// number is the index of a job's id, new or not.
func (t *timeline) number(id string) int {
	n, ok := t.index[id]
	if !ok {
		n = len(t.ids)
		t.index[id] = n
		t.ids = append(t.ids, id)
	}
	return n
}

func laneName(worker string, slot int) string { return worker + "/" + strconv.Itoa(slot) }
