# A Debian root made by debootstrap, and what its package clients need: source this. Functions end the process with a message.

root_die() { printf '%s: error: %s\n' "${0##*/}" "$2" >&2; exit "$1"; }

# The archive that this machine's apt takes SUITE from.
root_archive() { apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | awk -v suite="$1" '$1 == suite { print $2; exit }'; }

# make_root DIR SUITE MIRROR PACKAGE,...: MIRROR empty: this machine's. The log is kept beside DIR only if it fails.
make_root() {
	local dir=$1 suite=$2 mirror=$3 packages=$4
	command -v debootstrap >/dev/null || root_die 2 "no debootstrap found: apt-get install debootstrap"
	[ -n "$mirror" ] || mirror=$(root_archive "$suite")
	[ -n "$mirror" ] || root_die 2 "apt knows no archive of $suite"
	debootstrap --variant=minbase --include="$packages" "$suite" "$dir" "$mirror" >"$dir.log" 2>&1 ||
		{ tail -5 "$dir.log" >&2; root_die 75 "debootstrap failed, see $dir.log"; }
	rm -f "$dir.log"
}

# copy_settings DIR: what this machine's package clients need to reach their archives: sources, keys, proxies, certificates.
copy_settings() {
	local dir=$1 file
	cp /etc/resolv.conf "$dir/etc/resolv.conf"
	if compgen -G '/etc/apt/sources.list.d/*.sources' >/dev/null || compgen -G '/etc/apt/sources.list.d/*.list' >/dev/null; then
		rm -f "$dir/etc/apt/sources.list"
	fi
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/auth.conf \
		/etc/apt/auth.conf.d/* /etc/apt/keyrings/* /usr/share/keyrings/* /usr/local/share/ca-certificates/*.crt; do
		[ ! -f "$file" ] || install -D -m 644 "$file" "$dir$file"
	done
	apt-config dump | grep -E '^Acquire::' >"$dir/etc/apt/apt.conf.d/90host" || true
}
