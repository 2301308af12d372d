package nb

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	_ "image/gif" // sizes of pictures
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/seed-0772dd2d/ritz/figure"
)

// Show draws a figure under the cell, in its default size.
func Show(p figure.Panel) { ShowSize(p, 0, 0) }

// ShowSize draws a figure of this width and height, in inches; 0 is the default
// of the figure. An inch has 96 pixels of the page.
func ShowSize(p figure.Panel, width, height float64) {
	var b bytes.Buffer
	Check(figure.Write(&b, "png", width, height, p))
	Check(std.picture("", "figure", ".png", b.Bytes(), 2))
}

// Picture shows a picture from a file: PNG, JPEG, GIF (also animated) or SVG.
// Outside of a notebook its name is printed.
func Picture(path string) {
	data, err := os.ReadFile(path)
	Check(err)
	Check(std.pictureFile("", path, data))
}

// pictureFile shows data, which are those of the file at path.
func (o *output) pictureFile(id, path string, data []byte) error {
	if !o.notebook {
		_, err := fmt.Fprintln(o.text, "picture", path)
		return err
	}
	density := 1
	if strings.EqualFold(filepath.Ext(path), ".png") {
		density = 2 // as package figure writes them
	}
	return o.picture(id, "picture", filepath.Ext(path), data, density)
}

// picture shows the content of a file of this extension, in a size at which
// each pixel of the page has density of its own, but no wider than the page,
// and in the place of what was displayed under id, if that is not empty.
// Outside of a notebook it is written to a file.
func (o *output) picture(id, kind, extension string, data []byte, density int) error {
	if !o.notebook {
		path, err := o.nextFile(kind, extension)
		if err == nil {
			err = os.WriteFile(path, data, 0o666)
		}
		if err == nil {
			fmt.Fprintln(o.text, kind, path)
		}
		return err
	}
	d, metadata, err := pictureDisplay(extension, data, density)
	if err != nil {
		return err
	}
	d[protocol.MIMETextPlain] = "[" + kind + "]"
	o.send(&protocol.DisplayData{Data: d, Metadata: metadata, DisplayID: id})
	return nil
}

// pictureDisplay chooses how a picture travels. GIF has no MIME type that all
// front ends know, and goes as HTML.
func pictureDisplay(extension string, data []byte, density int) (display, map[string]any, error) {
	switch strings.ToLower(extension) {
	case ".svg":
		return display{protocol.MIMEImageSVG: string(data)}, nil, nil
	case ".png":
		c, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fmt.Errorf("not a picture: %w", err)
		}
		if data, err = lighter(data); err != nil {
			return nil, nil, fmt.Errorf("not a picture: %w", err)
		}
		size := map[string]int{"width": c.Width / density}
		return display{protocol.MIMEImagePNG: data}, map[string]any{string(protocol.MIMEImagePNG): size}, nil
	case ".gif", ".jpg", ".jpeg":
		c, format, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fmt.Errorf("not a picture: %w", err)
		}
		source := "data:image/" + format + ";base64," + base64.StdEncoding.EncodeToString(data)
		return display{protocol.MIMETextHTML: fmt.Sprintf(`<img style="max-width:100%%" width="%d" src="%s">`, c.Width/density, source)}, nil, nil
	}
	return nil, nil, fmt.Errorf("a picture with the extension %q: .png, .jpg, .gif and .svg can be shown", extension)
}

// HTML shows HTML. Outside of a notebook the text without its tags is printed.
func HTML(source string) {
	std.show(display{protocol.MIMETextHTML: source}, withoutTags(source))
}

// tag is a tag of HTML, or a comment; "1 < 2" has none.
var tag = regexp.MustCompile(`<!--(?s:.*?)-->|</?[A-Za-z][^>]*>|<![^>]*>`)

// withoutTags is the text of HTML, for a terminal.
func withoutTags(source string) string {
	return strings.TrimSpace(html.UnescapeString(tag.ReplaceAllString(source, "")))
}

// Markdown shows text with formulas, headings and lists: $u_t = u_{xx}$.
// The arguments are put in as by fmt.Sprintf; without any the text is shown as
// it is.
func Markdown(text string, arguments ...any) {
	if len(arguments) > 0 {
		text = fmt.Sprintf(text, arguments...)
	}
	std.show(display{protocol.MIMETextMarkdown: text}, text)
}
