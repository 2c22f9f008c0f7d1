# What zsh offers at a pseudo terminal of its own: complete.zsh DIR LINE OUT, called by tests/complete. TAB is pressed, with an ear at compadd; then a key that
# tells that it is over. 77 where there is no terminal to be had.
from=$1 line=$2 out=$3
{ zmodload zsh/zpty && zpty terminal zsh -f -i } 2>/dev/null || exit 77

# What the terminal prints is thrown away; reading it keeps the other side going.
wait_for() {
	local i skip
	for i in {1..2400}; do
		[[ -e $1 ]] && return
		while zpty -r -t terminal skip 2>/dev/null; do :; done
		sleep 0.05
	done
	exit 1
}

cat >$out.setup <<END
PS1= LISTMAX=100000
setopt no_auto_list no_auto_menu no_beep
fpath=(${(q)from} \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "\$@"; return }
	local -a hits
	builtin compadd -A hits "\$@"
	[[ \$#hits -eq 0 ]] || print -rl -- \$hits >>${(q)out}
	builtin compadd "\$@"
}
over() { BUFFER=; : >${(q)out}.over }
zle -N over
bindkey '^X' over
bindkey '^I' complete-word
: >${(q)out}.ready
END
zpty -w terminal "source ${(q)out}.setup"
wait_for $out.ready
zpty -n -w terminal "$line"$'\t\x18'
wait_for $out.over
zpty -d terminal
