package middlebox

import "slices"

// String returns the preset as [Parse] reads it, such as "nginx,idle=10s": its name, and
// the settings that [Preset.With] changed. What was changed in its fields does not show.
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
