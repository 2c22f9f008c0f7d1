# Average precision of lines `score 0|1`, highest score first: the sum over the distinct scores of precision times the gain in recall.
{ score[NR] = $1; fraud[NR] = $2; frauds += $2 }
END {
	for (i = 1; i <= NR; i = j) {
		gain = 0
		for (j = i; j <= NR && score[j] == score[i]; j++)
			gain += fraud[j]
		found += gain
		sum += gain / frauds * found / (j - 1)
	}
	printf "%.4f\n", sum
}
