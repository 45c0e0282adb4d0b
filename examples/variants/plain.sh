#!/usr/bin/env bash
# The commands of variants.reprod as one plain script: what a person would type without Reprod, and what
# the test compares with. It does everything, every time, in one folder.
#   ./plain.sh FOLDER [MIN_QUALITY [MIN_DEPTH]]
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
min_quality=${2:-20}
min_depth=${3:-4}

cp "$here/lambda.fa" .
samtools faidx lambda.fa
bwa index lambda.fa

for sample in $(tail -n +2 "$here/samples.csv" | cut -d, -f1 | uniq); do
  seed=$(grep "^$sample,1," "$here/samples.csv" | cut -d, -f3)
  wgsim -h -r 0.002 -R 0.2 -S "$seed" -N 1 -1 1 -2 1 lambda.fa /dev/null /dev/null > wgsim.txt
  awk -v sample="$sample" -f "$here/truth.awk" lambda.fa wgsim.txt > "$sample.truth.vcf"
  bcftools view -O b -o truth.bcf "$sample.truth.vcf"
  bcftools index -f truth.bcf
  bcftools consensus -f lambda.fa truth.bcf > "$sample.fa"
done

tail -n +2 "$here/samples.csv" | while IFS=, read -r sample lane _ seed pairs; do
  wgsim -e 0.02 -r 0 -1 100 -2 100 -N "$pairs" -S "$seed" "$sample.fa" \
    "$sample.$lane.1.fq" "$sample.$lane.2.fq" > /dev/null
  bwa mem -K 10000000 -R "@RG\tID:$sample.$lane\tSM:$sample\tPL:ILLUMINA" lambda.fa \
    "$sample.$lane.1.fq" "$sample.$lane.2.fq" \
    | samtools sort -o "$sample.$lane.bam" -
done

for sample in $(tail -n +2 "$here/samples.csv" | cut -d, -f1 | uniq); do
  samtools merge -s 1 -u - "$sample".*.bam \
    | samtools collate -O -u - collate \
    | samtools fixmate -m -u - - \
    | samtools sort -u - \
    | samtools markdup -f "$sample.duplicates.txt" - "$sample.bam"
  samtools index "$sample.bam" "$sample.bam.bai"

  bcftools mpileup --max-depth 500 -f lambda.fa "$sample.bam" \
    | bcftools call --ploidy 1 -m -v \
    | bcftools norm -f lambda.fa -o "$sample.calls.vcf"

  bcftools filter -s LowConfidence -e "QUAL < $min_quality || INFO/DP < $min_depth" \
    -o "$sample.vcf" "$sample.calls.vcf"
done
