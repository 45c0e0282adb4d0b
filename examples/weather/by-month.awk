# Sums up one year of days by month.
#   awk -v year=2012 -v wet_from=1 -f by-month.awk DAYS.csv

BEGIN {
  FS = ","
  print "year,month,days,high,low,rain,wet_days"
}

NR == 1 { next }

{
  month = substr($1, 6, 2) + 0
  days[month]++
  rain[month] += $2
  high[month] += $3
  low[month] += $4
  if ($2 >= wet_from + 0) wet[month]++
}

END {
  for (m = 1; m <= 12; m++)
    if (days[m])
      printf "%d,%d,%d,%.2f,%.2f,%.1f,%d\n", year, m, days[m], high[m] / days[m], low[m] / days[m], rain[m], wet[m]
}
