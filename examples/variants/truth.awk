# Turns the list of variants that wgsim prints into a VCF. wgsim names an insertion by the base before it and
# prints a deletion base by base; a VCF wants one record for each, with the base before it in both alleles.
#   awk -v sample=NAME -f truth.awk GENOME.fa WGSIM.txt > TRUTH.vcf

function emit(position, from, to) {
  # Applied one after the other, two variants must not share a base: the second of such a pair is left out,
  # here and so in the genome that is made from this file.
  if (position <= last) return
  last = position + length(from) - 1
  print chromosome, position, ".", from, to, ".", "PASS", ".", "GT", 1
}

function flush_deletion() {
  # A deletion at the very first base has no base before it, and is left out.
  if (deleted != "" && start > 1) emit(start - 1, base[start - 1] deleted, base[start - 1])
  deleted = ""
}

BEGIN { OFS = "\t" }

NR == FNR && /^>/ { chromosome = substr($1, 2); next }
NR == FNR { for (i = 1; i <= length($0); i++) base[++genome_length] = substr($0, i, 1); next }

FNR == 1 {
  print "##fileformat=VCFv4.2"
  print "##contig=<ID=" chromosome ",length=" genome_length ">"
  print "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">"
  print "#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample
}

$4 == "-" && deleted != "" && $2 == start + length(deleted) { deleted = deleted $3; next }
{ flush_deletion() }
$4 == "-" { start = $2; deleted = $3; next }
$3 == "-" { emit($2, base[$2], base[$2] $4); next }
{ emit($2, $3, $4) }
END { flush_deletion() }
