package middlebox

import (
	"fmt"
	"reflect"
	"slices"
)

// String returns the preset's name and the settings that differ from the usual ones,
// such as "nginx,idle=10s". What was changed in the fields need not show; see Text.
func (p Preset) String() string {
	text := p.Name
	usual, err := Named(p.Name)
	if err != nil {
		return text
	}
	settings := usual.Settings()
	for _, s := range p.Settings() {
		if !slices.Contains(settings, s) {
			text += "," + s.Name + "=" + s.Value
		}
	}
	return text
}

// Text returns what [Parse] makes the preset of, such as "nginx,idle=10s". The error
// says that there is no such text: fields were changed that are no settings.
func (p Preset) Text() (string, error) {
	text := p.String()
	again, err := Parse(text)
	if err != nil {
		return "", fmt.Errorf("preset %q cannot be written as text: %w", p.Name, err)
	}
	if !reflect.DeepEqual(again.data(), p.data()) {
		return "", fmt.Errorf("preset %q cannot be written as text: its fields were changed, beyond its settings", p.Name)
	}
	return text, nil
}

// data is the preset without what cannot be compared.
func (p Preset) data() Preset {
	p.options, p.tied = nil, nil
	return p
}
